//! The texts of a node's configuration files.

use std::path::Path;

use super::ClusterOptions;

/// The two ports of a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct NodePorts {
    pub broker: u16,
    pub controller: u16,
}

impl NodePorts {
    pub fn pairs(ports: &[u16]) -> Vec<Self> {
        ports.chunks_exact(2).map(|pair| Self { broker: pair[0], controller: pair[1] }).collect()
    }
}

/// `server.properties` of the node `id`.
pub(super) fn server(options: &ClusterOptions, ports: &[NodePorts], id: u16, storage: &Path) -> String {
    let NodePorts { broker, controller } = ports[usize::from(id) - 1];
    let listeners = format!("PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}");
    let quorum = if let [only] = ports {
        ("controller.quorum.bootstrap.servers", format!("127.0.0.1:{}", only.controller))
    } else {
        let voters = ports.iter().zip(1..).map(|(node, id)| format!("{id}@127.0.0.1:{}", node.controller));
        ("controller.quorum.voters", voters.collect::<Vec<_>>().join(","))
    };
    let copies = options.nodes.min(3).to_string();
    let in_sync = if options.nodes >= 3 { "2" } else { "1" }.to_owned();
    let lines = [
        ("process.roles", "broker,controller".to_owned()),
        ("node.id", id.to_string()),
        quorum,
        ("listeners", listeners.clone()),
        ("advertised.listeners", listeners),
        ("controller.listener.names", "CONTROLLER".to_owned()),
        ("listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT".to_owned()),
        ("log.dirs", escaped(&storage.to_string_lossy())),
        ("auto.create.topics.enable", "false".to_owned()),
        ("default.replication.factor", copies.clone()),
        ("offsets.topic.replication.factor", copies.clone()),
        ("transaction.state.log.replication.factor", copies.clone()),
        ("transaction.state.log.min.isr", in_sync.clone()),
        ("share.coordinator.state.topic.replication.factor", copies),
        ("share.coordinator.state.topic.min.isr", in_sync),
        ("group.initial.rebalance.delay.ms", "0".to_owned()),
        // A broker that was killed is let in again when its old session has ended: 5.6 s instead of 12.
        ("broker.session.timeout.ms", "3000".to_owned()),
        ("broker.heartbeat.interval.ms", "500".to_owned()),
    ];
    let mut text: String = lines.iter().map(|(key, value)| format!("{key}={value}\n")).collect();
    for (key, value) in &options.properties {
        text.push_str(&format!("{key}={}\n", escaped(value)));
    }
    text
}

/// A backslash is the properties format's escape.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\")
}

/// Warnings and the broker's own milestones on standard output, which is the log file.
pub(super) const LOG4J: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="WARN">
  <Appenders>
    <Console name="stdout" target="SYSTEM_OUT">
      <PatternLayout pattern="%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5p %c{1} %m%n"/>
    </Console>
  </Appenders>
  <Loggers>
    <Logger name="kafka.server" level="INFO"/>
    <Logger name="org.apache.kafka.common.config" level="ERROR"/>
    <Logger name="org.apache.kafka.common.utils.AppInfoParser" level="INFO"/>
    <Root level="WARN"><AppenderRef ref="stdout"/></Root>
  </Loggers>
</Configuration>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_node_bootstraps_itself_and_keeps_single_copies() {
        let text = server(&ClusterOptions::new("d", 1), &NodePorts::pairs(&[7001, 7002]), 1, Path::new("/s p/ä"));
        assert!(text.contains("controller.quorum.bootstrap.servers=127.0.0.1:7002\n"));
        assert!(!text.contains("controller.quorum.voters"));
        assert!(text.contains("offsets.topic.replication.factor=1\n"));
        assert!(text.contains("log.dirs=/s p/ä\n"));
        assert!(text.contains("auto.create.topics.enable=false\n"));
    }

    #[test]
    fn three_nodes_name_all_voters_and_keep_three_copies() {
        let ports = NodePorts::pairs(&[7001, 7002, 7003, 7004, 7005, 7006]);
        let text = server(&ClusterOptions::new("d", 3), &ports, 2, Path::new("s"));
        assert!(text.contains("controller.quorum.voters=1@127.0.0.1:7002,2@127.0.0.1:7004,3@127.0.0.1:7006\n"));
        assert!(text.contains("listeners=PLAINTEXT://127.0.0.1:7003,CONTROLLER://127.0.0.1:7004\n"));
        assert!(text.contains("transaction.state.log.min.isr=2\n"));
    }

    #[test]
    fn own_properties_come_last_so_that_they_win() {
        let mut options = ClusterOptions::new("d", 1);
        options.properties.push(("broker.session.timeout.ms".to_owned(), "9000".to_owned()));
        let text = server(&options, &NodePorts::pairs(&[1, 2]), 1, Path::new("s"));
        assert!(text.ends_with("broker.session.timeout.ms=9000\n"));
    }
}
