//! The handle on a running intake, and what its workers hear.

use std::{
    sync::{Arc, atomic::Ordering, mpsc as blocking},
    time::Duration,
};

use tokio::sync::{mpsc::UnboundedReceiver, watch};

use crate::{
    Config, Error,
    batch::Batch,
    observer::Observer,
    poll::{self, Shared, lock},
};

/// What a worker hears, in this order.
#[derive(Debug)]
pub enum Signal {
    /// These partitions are its own from now on.
    Assigned(Vec<i32>),
    /// Messages of its partitions.
    Batch(Batch),
    /// This partition was read to its end, and what there was has been handed over. It may have grown since.
    ReadToEnd(i32),
    /// These partitions go to someone else: finish what was handed over, forget them, then say so.
    Revoked(Vec<i32>, Released),
}

/// Tells the poll thread that a worker has let go of its partitions. Dropping it does.
#[derive(Debug)]
pub struct Released(#[allow(dead_code, reason = "its drop is what counts")] pub(crate) blocking::Sender<()>);

/// The running intake. Cheap to clone. When the last clone goes, the intake ends by itself, in the background.
#[derive(Clone)]
pub struct Intake {
    handle: Arc<Handle>,
}

struct Handle {
    shared: Arc<Shared>,
    /// Turns true when the poll thread has left the group.
    ended: watch::Receiver<bool>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

/// How long the broker may take for the last commit and for our leaving, once outstanding batches are drained.
const LEAVING: Duration = Duration::from_secs(10);

impl Intake {
    /// Joins the group and begins to poll. Gives one receiver a worker; they end when the intake does. What is in
    /// them is bounded by the budget.
    ///
    /// A receiver that is dropped before ends the intake with [`Error::WorkerGone`]: what would be sent to it could
    /// never be acknowledged.
    ///
    /// # Errors
    /// The configuration is refused, by us or by the client.
    pub fn start(config: Config, observer: Arc<dyn Observer>) -> Result<(Self, Vec<UnboundedReceiver<Signal>>), Error> {
        config.check()?;
        let (shared, receivers) = Shared::new(config, observer);
        let consumer = poll::consumer(&shared)?;
        let (ending, ended) = watch::channel(false);
        let poll = Arc::clone(&shared);
        let thread = move || {
            poll.run(consumer);
            ending.send_replace(true);
        };
        std::thread::Builder::new().name("intake".to_owned()).spawn(thread).map_err(Error::Thread)?;
        Ok((Self { handle: Arc::new(Handle { shared, ended }) }, receivers))
    }

    /// Stops polling, lets outstanding batches be acknowledged for at most the drain timeout, commits,
    /// leaves the group. The receivers end. It takes no longer than the drain timeout and 10 s more, whatever the
    /// broker does; what could not be committed then is read again.
    pub async fn shutdown(&self) {
        self.handle.shared.stop.store(true, Ordering::Relaxed);
        let mut ended = self.handle.ended.clone();
        let patience = self.handle.shared.config.drain_timeout + LEAVING;
        // An error of the channel means that the poll thread panicked, so it has ended as well.
        if tokio::time::timeout(patience, ended.wait_for(|ended| *ended)).await.is_err() {
            tracing::warn!(seconds = patience.as_secs(), "Kafka did not let us leave in time; the group finds out by itself");
        }
    }

    /// Why the intake ended by itself, once its receivers have ended. Told once.
    pub fn failure(&self) -> Option<Error> {
        lock(&self.handle.shared.failure).take()
    }
}
