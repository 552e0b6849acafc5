//! Messages that flow while something else happens.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use intake::producer::{Outgoing, Producer};
use simulate::faults::Message;

use crate::{Hall, PATIENCE};

/// How often a few messages are sent.
const BEAT: Duration = Duration::from_millis(50);

/// Sends messages in their order, a few at a time, from a thread of its own.
pub struct Feed {
    thread: JoinHandle<()>,
    is_hurried: Arc<AtomicBool>,
}

impl Feed {
    pub(crate) fn start(bootstrap: &str, messages: Vec<Message>, over: Duration) -> Self {
        let producer = Producer::new(bootstrap, &BTreeMap::new()).expect("a producer");
        let is_hurried = Arc::new(AtomicBool::new(false));
        let hurried = Arc::clone(&is_hurried);
        let beats = (over.as_millis() / BEAT.as_millis()).max(1) as usize;
        let send_all = move || {
            for few in messages.chunks(messages.len().div_ceil(beats).max(1)) {
                for message in few {
                    send(&producer, message);
                }
                if !hurried.load(Ordering::Relaxed) {
                    std::thread::sleep(BEAT);
                }
            }
            producer.flush(PATIENCE).expect("the broker takes all messages");
        };
        Self { thread: std::thread::spawn(send_all), is_hurried }
    }

    /// Whether everything is sent.
    pub fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Sends what is left without pauses, and waits until the broker has it all.
    pub async fn finish(self) {
        self.is_hurried.store(true, Ordering::Relaxed);
        tokio::task::spawn_blocking(move || self.thread.join()).await.expect("it is waited for").expect("all is sent");
    }
}

fn send(producer: &Producer, message: &Message) {
    let (key, payload) = (message.key.as_deref(), Some(message.payload.as_slice()));
    producer.send(Outgoing { topic: "approval.steps", key, payload, headers: &[] }).expect("the message is taken");
}

impl Hall {
    /// Lets messages flow over some time.
    pub fn feed(&self, messages: &[Message], over: Duration) -> Feed {
        Feed::start(&self.broker.bootstrap(), messages.to_vec(), over)
    }

    /// Sends messages at once; returns when the broker has them.
    pub fn send(&self, messages: &[Message]) {
        let producer = self.producer();
        for message in messages {
            send(&producer, message);
        }
        producer.flush(PATIENCE).expect("the broker takes all messages");
    }
}
