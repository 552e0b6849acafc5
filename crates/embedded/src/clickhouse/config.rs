//! The server's configuration files, written anew at every start.

use std::{fs, path::Path};

use super::ClickHouseOptions;
use crate::Error;

/// Always passed, or the engine would take up any `config.xml` it finds.
pub(super) const CONFIG: &str = "config.xml";
const USERS: &str = "users.xml";
/// What lies in this directory is merged into the file of the same name, as with an installed server.
const USERS_DIRECTORY: &str = "users.d";

pub(super) fn write(directory: &Path, options: &ClickHouseOptions) -> Result<(), Error> {
    let merged = directory.join(USERS_DIRECTORY);
    fs::create_dir_all(&merged).map_err(Error::file("create", merged))?;
    let more_users = format!("<clickhouse>\n{}\n</clickhouse>\n", options.extra_users_xml.as_deref().unwrap_or_default());
    let files = [
        (CONFIG.to_owned(), config(options)),
        (USERS.to_owned(), USERS_XML.to_owned()),
        (format!("{USERS_DIRECTORY}/extra.xml"), more_users),
    ];
    for (name, text) in files {
        let path = directory.join(name);
        fs::write(&path, text).map_err(Error::file("write", path))?;
    }
    Ok(())
}

fn config(options: &ClickHouseOptions) -> String {
    let memory = options.memory_limit_mb * 1024 * 1024;
    let tcp_port = options.tcp_port.map(|port| format!("\n    <tcp_port>{port}</tcp_port>")).unwrap_or_default();
    let extra = options.extra_config_xml.as_deref().unwrap_or_default();
    // A stop waits for idle keep-alive connections: they are to be short. But longer than a client keeps an idle one for
    // itself (2 s), or it sends a request on a connection that is being closed.
    format!(
        "<clickhouse>
    <listen_host>127.0.0.1</listen_host>
    <keep_alive_timeout>3</keep_alive_timeout>
    <max_server_memory_usage>{memory}</max_server_memory_usage>
    <users_config>{USERS}</users_config>{tcp_port}
{extra}
</clickhouse>
"
    )
}

const USERS_XML: &str = "<clickhouse>
    <profiles><default/><readonly><readonly>1</readonly></readonly></profiles>
    <quotas><default/></quotas>
    <users>
        <default>
            <password/>
            <networks><ip>127.0.0.1</ip></networks>
            <profile>default</profile>
            <quota>default</quota>
        </default>
    </users>
</clickhouse>
";
