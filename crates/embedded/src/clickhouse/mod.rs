//! The real ClickHouse as a child process, out of `libchdb.so`.
//!
//! The library carries the whole of `clickhouse local`, and with it ClickHouse's own HTTP and native servers. It is served
//! from a child process of our own binary ([`serve_from_environment`]) and never in ours: there can be one engine per
//! process ever, and one that stops while keep-alive clients are connected exits the process.
//!
//! The child stops when a fifo's last writer closes it. We are the only writer, so that is the clean stop, and it also
//! happens by itself should we die.

mod child;
mod config;

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

pub use child::{is_child, serve_from_environment, serve_if_child};
use nix::sys::stat::Mode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use crate::{
    Cache, Error, ports,
    process::{Process, Spawn},
};

/// Names inside the data directory, which is the child's working directory: so no path of the user's ever enters SQL.
const READY: &str = "ready";
const HOLD: &str = "hold";
const PORTS: &str = "ports";
const LOG: &str = "clickhouse.log";

const START_LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);
/// Longer than the 5 s that ClickHouse itself grants to connected clients.
const STOP_LIMIT: Duration = Duration::from_secs(10);
const TERMINATE_LIMIT: Duration = Duration::from_secs(3);

/// How to start the child process: a program that calls [`serve_from_environment`] when it is started like this.
#[derive(Clone, Debug)]
pub struct Launcher {
    /// The program.
    pub program: PathBuf,
    /// The arguments that lead it to the serving entry.
    pub arguments: Vec<OsString>,
}

impl Launcher {
    /// This very program with these arguments, for example a hidden subcommand.
    pub fn this_program<A: Into<OsString>>(arguments: impl IntoIterator<Item = A>) -> Result<Self, Error> {
        let program = std::env::current_exe().map_err(Error::file("find the path of", "this program"))?;
        Ok(Self { program, arguments: arguments.into_iter().map(Into::into).collect() })
    }

    /// This test binary, which has [`clickhouse_child_test!`](crate::clickhouse_child_test) at its root.
    pub fn this_test_binary() -> Result<Self, Error> {
        Self::this_program(["embedded_clickhouse_child", "--exact", "--nocapture", "--test-threads=1"])
    }
}

/// Makes a test binary able to be its own ClickHouse child, see [`Launcher::this_test_binary`]. Put it at the root of the
/// binary (`tests/it/main.rs`, or `lib.rs` for unit tests). In an ordinary run this test returns at once.
#[macro_export]
macro_rules! clickhouse_child_test {
    () => {
        #[test]
        fn embedded_clickhouse_child() -> Result<(), $crate::Error> {
            $crate::clickhouse::serve_if_child()
        }
    };
}

/// What a ClickHouse is to be.
#[derive(Clone, Debug)]
pub struct ClickHouseOptions {
    /// Its directory; made if it is not there. One engine at a time may use it.
    pub data_dir: PathBuf,
    /// How to start the child.
    pub launcher: Launcher,
    /// Where the library is; by default the cache of the environment.
    pub cache: Option<Cache>,
    /// The port of the HTTP interface. By default the one that was used before in this directory, or a free one.
    pub http_port: Option<u16>,
    /// The port of the native interface, which `remote()` and `Distributed` use; none by default. See [`ports::free`].
    pub tcp_port: Option<u16>,
    /// The bound on the memory of the whole server.
    pub memory_limit_mb: u64,
    /// More settings of the server: elements to stand inside `<clickhouse>`, for example `<remote_servers>`.
    pub extra_config_xml: Option<String>,
    /// More users and profiles: elements to stand inside `<clickhouse>` of a file that is merged into the users' file, as
    /// those of `users.d` of an installed server. By default there is the user `default` alone, who has no password and may
    /// connect from this machine only.
    pub extra_users_xml: Option<String>,
}

impl ClickHouseOptions {
    /// The defaults: ports as above, 1 GiB of memory.
    pub fn new(data_dir: impl Into<PathBuf>, launcher: Launcher) -> Self {
        Self {
            data_dir: data_dir.into(),
            launcher,
            cache: None,
            http_port: None,
            tcp_port: None,
            memory_limit_mb: 1024,
            extra_config_xml: None,
            extra_users_xml: None,
        }
    }
}

/// A running ClickHouse. Dropping it kills the server; [`stop`](Self::stop) is the clean way.
#[derive(Debug)]
pub struct ClickHouse {
    process: Process,
    http_port: u16,
    tcp_port: Option<u16>,
    /// The writing end of the fifo.
    hold: Option<fs::File>,
}

impl ClickHouse {
    /// Starts the server and waits until it answers over HTTP.
    pub async fn start(options: ClickHouseOptions) -> Result<Self, Error> {
        let cache = match options.cache {
            Some(ref cache) => cache.clone(),
            None => Cache::from_environment()?,
        };
        let library = cache.library()?;
        let directory = options.data_dir.as_path();
        fs::create_dir_all(directory).map_err(Error::file("create", directory))?;
        let directory = fs::canonicalize(directory).map_err(Error::file("open", directory))?;

        let ports_file = directory.join(PORTS);
        let remembered = ports::remembered(&ports_file)?.and_then(|ports| ports.first().copied());
        let wanted = match (options.http_port, remembered) {
            (Some(port), _) => port,
            (None, Some(port)) if ports::becomes_free(port).await => port,
            (None, Some(port)) => {
                tracing::warn!(port, "the port used before is taken by another program, ClickHouse takes another");
                0
            }
            (None, None) => 0,
        };
        for port in [options.http_port, options.tcp_port].into_iter().flatten() {
            if !ports::becomes_free(port).await {
                return Err(Error::PortTaken { engine: "ClickHouse".to_owned(), port, hint: String::new() });
            }
        }

        config::write(&directory, &options)?;
        let hold = make_fifo(&directory.join(HOLD))?;
        let ready = directory.join(READY);
        remove_if_there(&ready)?;
        let process = Process::spawn(Spawn {
            name: "ClickHouse".to_owned(),
            program: options.launcher.program,
            arguments: options.launcher.arguments,
            environment: child::environment(&library, wanted, options.tcp_port.is_some()),
            log: directory.join(LOG),
            directory,
        })?;

        let deadline = Instant::now() + START_LIMIT;
        let waited_for = "ClickHouse to say its HTTP port";
        let http_port = loop {
            if let Some(port) = read_ready(&ready)? {
                break port;
            }
            if let Some(exit) = process.wait(POLL).await {
                return Err(process.ended(exit, waited_for));
            }
            if Instant::now() > deadline {
                return Err(process.timed_out(START_LIMIT, waited_for));
            }
        };
        let mut last_answer = String::new();
        while !answers_ping(http_port, &mut last_answer).await {
            let waited_for = format!("`GET /ping` on 127.0.0.1:{http_port} (last answer: {last_answer})");
            if let Some(exit) = process.wait(POLL).await {
                return Err(process.ended(exit, waited_for));
            }
            if Instant::now() > deadline {
                return Err(process.timed_out(START_LIMIT, waited_for));
            }
        }
        ports::remember(&ports_file, &[http_port])?;
        tracing::info!(pid = process.pid(), http_port, "ClickHouse is ready");
        Ok(Self { process, http_port, tcp_port: options.tcp_port, hold: Some(hold) })
    }

    /// The base of the HTTP interface, for example `http://127.0.0.1:8123`.
    pub fn url(&self) -> String {
        format!("http://{}", ports::local(self.http_port))
    }

    /// The port of the HTTP interface.
    pub fn http_port(&self) -> u16 {
        self.http_port
    }

    /// The port of the native interface, if there is one.
    pub fn tcp_port(&self) -> Option<u16> {
        self.tcp_port
    }

    /// The child's process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// The child: whether it still runs, its log.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Ends it cleanly; after some 15 s without an end, by force.
    pub async fn stop(mut self) {
        self.process.resume();
        drop(self.hold.take());
        if self.process.wait(STOP_LIMIT).await.is_none() {
            tracing::warn!(pid = self.pid(), "ClickHouse did not stop within {STOP_LIMIT:?}");
            self.process.terminate(TERMINATE_LIMIT).await;
        }
    }

    /// Ends it at once, as a crash would.
    pub async fn kill(self) {
        self.process.kill().await;
    }

    /// Stops it in its tracks: connections stay open and nobody answers.
    pub fn pause(&self) -> bool {
        self.process.pause()
    }

    /// Lets it go on after [`pause`](Self::pause).
    pub fn resume(&self) -> bool {
        self.process.resume()
    }
}

/// Makes the fifo anew and opens it; the child's reading end sees its end when this file is closed.
fn make_fifo(path: &Path) -> Result<fs::File, Error> {
    remove_if_there(path)?;
    nix::unistd::mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR).map_err(|error| Error::file("create", path)(error.into()))?;
    // Reading and writing: to open a fifo for writing only would wait for a reader.
    fs::OpenOptions::new().read(true).write(true).open(path).map_err(Error::file("open", path))
}

fn remove_if_there(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::file("remove", path)(error)),
        _ => Ok(()),
    }
}

/// The port, once the child has written its whole line.
fn read_ready(path: &Path) -> Result<Option<u16>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.strip_suffix('\n').and_then(|line| line.parse().ok())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::file("read", path)(source)),
    }
}

async fn answers_ping(port: u16, last_answer: &mut String) -> bool {
    let ping = async {
        let mut stream = TcpStream::connect(ports::local(port)).await?;
        stream.write_all(b"GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        io::Result::Ok(answer)
    };
    match timeout(Duration::from_secs(2), ping).await {
        Ok(Ok(answer)) => *last_answer = answer.lines().next().unwrap_or("nothing").to_owned(),
        Ok(Err(error)) => *last_answer = error.to_string(),
        Err(_) => "none within 2 s".clone_into(last_answer),
    }
    let ready = last_answer.starts_with("HTTP/1.1 200");
    if !ready {
        sleep(POLL).await;
    }
    ready
}
