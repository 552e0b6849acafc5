//! Making topics, and asking how far they are read.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use rdkafka::{
    TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, KafkaResult, RDKafkaErrorCode},
    topic_partition_list::TopicPartitionListElem,
};

use crate::{
    Error,
    client::{AnswersOnly, client_config},
};

/// A topic that must be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSpec {
    /// Its name.
    pub name: String,
    /// Its partitions, if it is made.
    pub partitions: i32,
    /// Its replicas, if it is made.
    pub replication: i32,
}

const TIMEOUT: Duration = Duration::from_secs(30);

type Admin = AdminClient<AnswersOnly>;

fn admin(brokers: &str, client: &BTreeMap<String, String>) -> Result<Admin, Error> {
    client_config(brokers, client).create_with_context(AnswersOnly).map_err(Error::during("making the admin client"))
}

/// Makes the topics that are not there; leaves the others as they are, so that no right to make topics is needed
/// where all are there. Those it made can be used when it returns.
///
/// # Errors
/// The broker refuses, or does not answer within 30 s.
pub async fn ensure_topics(brokers: &str, client: &BTreeMap<String, String>, topics: &[TopicSpec]) -> Result<(), Error> {
    let there = topics_there(brokers, client).await?;
    let missing = topics.iter().filter(|topic| !there.contains_key(&topic.name));
    let new: Vec<NewTopic<'_>> =
        missing.map(|it| NewTopic::new(&it.name, it.partitions, TopicReplication::Fixed(it.replication))).collect();
    if new.is_empty() {
        return Ok(());
    }
    let options = AdminOptions::new().operation_timeout(Some(TIMEOUT)).request_timeout(Some(TIMEOUT));
    let results = admin(brokers, client)?.create_topics(&new, &options).await.map_err(Error::during("making topics"))?;
    for result in results {
        match result {
            // Someone else may have made it since we looked.
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((name, code)) => return Err(Error::during(format!("making topic {name}"))(KafkaError::AdminOp(code))),
        }
    }
    until_there(brokers, client, topics).await
}

/// The broker says that a topic is made a moment before it tells others of it.
async fn until_there(brokers: &str, client: &BTreeMap<String, String>, topics: &[TopicSpec]) -> Result<(), Error> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let there = topics_there(brokers, client).await?;
        let Some(missing) = topics.iter().find(|topic| !there.contains_key(&topic.name)) else { return Ok(()) };
        if Instant::now() >= deadline {
            let unknown = KafkaError::AdminOp(RDKafkaErrorCode::UnknownTopicOrPartition);
            return Err(Error::during(format!("waiting for topic {}, which was made", missing.name))(unknown));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How many partitions a topic has; none where there is no such topic.
///
/// # Errors
/// The broker does not answer within 30 s.
pub async fn topic_partitions(brokers: &str, client: &BTreeMap<String, String>, topic: &str) -> Result<Option<usize>, Error> {
    Ok(topics_there(brokers, client).await?.get(topic).copied())
}

/// All topics with their numbers of partitions. All, because a broker that makes topics by itself makes the one that
/// is asked for.
async fn topics_there(brokers: &str, client: &BTreeMap<String, String>) -> Result<HashMap<String, usize>, Error> {
    let admin = admin(brokers, client)?;
    // The client's call blocks.
    let ask = move || {
        let metadata = admin.inner().fetch_metadata(None, TIMEOUT)?;
        let there = metadata.topics().iter().filter(|topic| topic.error().is_none());
        Ok(there.map(|topic| (topic.name().to_owned(), topic.partitions().len())).collect())
    };
    let answer = tokio::task::spawn_blocking(ask).await;
    answer.unwrap_or(Err(KafkaError::Canceled)).map_err(Error::during("asking for the topics"))
}

/// How far a group has come with a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The partition.
    pub partition: i32,
    /// Everything before this offset is stored.
    pub committed: i64,
    /// The offset that its next message will have.
    pub end: i64,
}

/// How many messages of a topic a group has not committed: what is on the topic and not yet stored.
///
/// # Errors
/// The broker does not answer within 30 s, or there is no such topic.
pub async fn backlog(brokers: &str, client: &BTreeMap<String, String>, group: &str, topic: &str) -> Result<i64, Error> {
    let progress = progress(brokers, client, group, topic).await?;
    Ok(progress.iter().map(|it| it.end - it.committed).sum())
}

/// How far a group has come with each partition of a topic.
///
/// # Errors
/// The broker does not answer within 30 s, or there is no such topic.
pub async fn progress(
    brokers: &str,
    client: &BTreeMap<String, String>,
    group: &str,
    topic: &str,
) -> Result<Vec<Progress>, Error> {
    let mut config = client_config(brokers, client);
    config.set("group.id", group);
    let topic = topic.to_owned();
    let ask = move || {
        let failed = |error| Error::during(format!("asking how far {topic} is read"))(error);
        let consumer: BaseConsumer<AnswersOnly> = config.create_with_context(AnswersOnly).map_err(failed)?;
        let metadata = consumer.fetch_metadata(Some(&topic), TIMEOUT).map_err(failed)?;
        let partitions = metadata.topics().iter().flat_map(|it| it.partitions()).map(|it| it.id());
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition(&topic, partition);
        }
        let committed = committed(&consumer, &list).map_err(failed)?;
        let of_partition = |element: &TopicPartitionListElem<'_>| {
            let partition = element.partition();
            let (first, end) = consumer.fetch_watermarks(&topic, partition, TIMEOUT).map_err(failed)?;
            let committed = element.offset().to_raw().filter(|offset| *offset >= 0).unwrap_or(first);
            Ok(Progress { partition, committed, end })
        };
        committed.elements().iter().map(of_partition).collect()
    };
    tokio::task::spawn_blocking(ask).await.unwrap_or(Err(Error::Panicked))
}

/// What a group has committed. A coordinator that is only being made, or moves, is waited for.
fn committed(consumer: &BaseConsumer<AnswersOnly>, list: &TopicPartitionList) -> KafkaResult<TopicPartitionList> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        match consumer.committed_offsets(list.clone(), TIMEOUT) {
            Err(error) if is_coordinator_moving(&error) && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(100));
            }
            answer => return answer,
        }
    }
}

fn is_coordinator_moving(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::NotCoordinator
                | RDKafkaErrorCode::CoordinatorNotAvailable
                | RDKafkaErrorCode::CoordinatorLoadInProgress
        )
    )
}
