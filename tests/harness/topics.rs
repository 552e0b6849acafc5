//! What an administrator does to the topic of approval steps.

use std::time::Instant;

use intake::admin::{TopicSpec, ensure_topics, topic_partitions};
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewPartitions},
    client::DefaultClientContext,
};

use crate::{Hall, PARTITIONS, PATIENCE};

const TOPIC: &str = "approval.steps";

impl Hall {
    fn admin(&self) -> AdminClient<DefaultClientContext> {
        ClientConfig::new().set("bootstrap.servers", self.broker.bootstrap()).create().expect("an admin client")
    }

    /// Deletes the topic with all its messages, and makes it anew.
    pub async fn make_topic_anew(&self) {
        let deleted = self.admin().delete_topics(&[TOPIC], &AdminOptions::new()).await.expect("the broker answers");
        assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
        self.wait_for_partitions(None).await;
        let topic = TopicSpec { name: TOPIC.to_owned(), partitions: PARTITIONS, replication: 1 };
        ensure_topics(&self.broker.bootstrap(), &Default::default(), &[topic]).await.expect("the topic is made");
    }

    /// Adds partitions to the topic, so that it has so many.
    pub async fn add_partitions(&self, count: usize) {
        let more = NewPartitions::new(TOPIC, count);
        let added = self.admin().create_partitions([&more], &AdminOptions::new()).await.expect("the broker answers");
        assert!(added.iter().all(Result::is_ok), "{added:?}");
        self.wait_for_partitions(Some(count)).await;
    }

    /// Waits until every partition has all its copies in step: one more broker may die then.
    pub async fn wait_for_copies(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let admin = self.admin();
            let metadata = tokio::task::spawn_blocking(move || admin.inner().fetch_metadata(None, PATIENCE));
            let metadata = metadata.await.expect("it is waited for").expect("the broker answers");
            let partitions = metadata.topics().iter().flat_map(|topic| topic.partitions());
            let behind = partitions.filter(|it| it.isr().len() < it.replicas().len() || it.leader() < 0).count();
            if behind == 0 {
                return;
            }
            assert!(Instant::now() < deadline, "waited {PATIENCE:?} for the copies of {behind} partitions");
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    }

    async fn wait_for_partitions(&self, wanted: Option<usize>) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = topic_partitions(&self.broker.bootstrap(), &Default::default(), TOPIC).await.expect("an answer");
            if found == wanted {
                return;
            }
            assert!(Instant::now() < deadline, "waited {PATIENCE:?} for {wanted:?} partitions, there are {found:?}");
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }
}
