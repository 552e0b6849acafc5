//! Making topics.

use std::{collections::BTreeMap, time::Duration};

use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    error::{KafkaError, RDKafkaErrorCode},
};

use crate::{Error, client_config};

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

/// Makes the topics that are not there; leaves the others as they are.
///
/// # Errors
/// The broker refuses, or does not answer within 30 s.
pub async fn ensure_topics(brokers: &str, client: &BTreeMap<String, String>, topics: &[TopicSpec]) -> Result<(), Error> {
    let admin: AdminClient<DefaultClientContext> =
        client_config(brokers, client).create().map_err(Error::during("making the admin client"))?;
    let new: Vec<NewTopic<'_>> = topics
        .iter()
        .map(|topic| NewTopic::new(&topic.name, topic.partitions, TopicReplication::Fixed(topic.replication)))
        .collect();
    let options = AdminOptions::new().operation_timeout(Some(TIMEOUT)).request_timeout(Some(TIMEOUT));
    let results = admin.create_topics(&new, &options).await.map_err(Error::during("making topics"))?;
    for result in results {
        match result {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((name, code)) => return Err(Error::during(format!("making topic {name}"))(KafkaError::AdminOp(code))),
        }
    }
    Ok(())
}

/// How many partitions a topic has; none where there is no such topic.
///
/// # Errors
/// The broker does not answer within 30 s.
pub fn partitions(brokers: &str, client: &BTreeMap<String, String>, topic: &str) -> Result<usize, Error> {
    let admin: AdminClient<DefaultClientContext> =
        client_config(brokers, client).create().map_err(Error::during("making the admin client"))?;
    let metadata =
        admin.inner().fetch_metadata(Some(topic), TIMEOUT).map_err(Error::during(format!("asking for topic {topic}")))?;
    Ok(metadata.topics().iter().find(|it| it.name() == topic && it.error().is_none()).map_or(0, |it| it.partitions().len()))
}
