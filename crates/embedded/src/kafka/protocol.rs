//! The one request that tells that a broker serves: Metadata, written by hand so that no client library is needed here.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::ports;

const METADATA: i16 = 3;
/// The last but one version before the flexible encoding that every broker since 1.0 and up to 4.4 speaks.
const METADATA_VERSION: i16 = 5;
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// No answer to a request for no topics is longer.
const ANSWER_BYTES: i32 = 1 << 20;

/// How many live brokers the one on this port knows of. One that does not serve yet is not counted.
pub(super) async fn live_brokers(port: u16) -> io::Result<usize> {
    timeout(ANSWER_LIMIT, ask(port)).await.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no answer in time"))?
}

async fn ask(port: u16) -> io::Result<usize> {
    let mut stream = TcpStream::connect(ports::local(port)).await?;
    stream.write_all(&metadata_request()).await?;
    let length = stream.read_i32().await?;
    if !(12..ANSWER_BYTES).contains(&length) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("an answer of {length} bytes is not Kafka's")));
    }
    // Correlation id, throttle time, then the array of brokers, of which the length is enough.
    stream.read_i32().await?;
    stream.read_i32().await?;
    let brokers = stream.read_i32().await?;
    usize::try_from(brokers).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the answer is not Kafka's"))
}

fn metadata_request() -> Vec<u8> {
    let client = b"sundial";
    let mut body = Vec::new();
    body.extend(METADATA.to_be_bytes());
    body.extend(METADATA_VERSION.to_be_bytes());
    body.extend(1_i32.to_be_bytes()); // correlation id
    body.extend((client.len() as i16).to_be_bytes());
    body.extend(client);
    body.extend(0_i32.to_be_bytes()); // no topics
    body.push(0); // and none to be created
    let mut request = (body.len() as i32).to_be_bytes().to_vec();
    request.append(&mut body);
    request
}
