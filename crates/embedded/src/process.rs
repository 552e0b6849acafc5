//! A child process: started so that it cannot outlive its parent, watched, signalled and ended within a deadline.
//!
//! Two traps decide the shape. The kernel's parent-death signal fires when the *thread* that forked ends, not the process:
//! so one thread, which never ends, starts every child. And a process id may be another program's as soon as the child is
//! reaped: so reaping and signalling hold the same lock.

use std::{
    ffi::OsString,
    fmt, fs, io,
    io::{Read, Seek, SeekFrom},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, OnceLock, PoisonError, mpsc},
    thread,
    time::Duration,
};

use nix::{
    sys::{
        signal::{self, Signal},
        wait::{Id, WaitPidFlag, waitid},
    },
    unistd::{Pid, getppid},
};
use tokio::{sync::watch, time::timeout};

use crate::Error;

/// How much of the end of a log goes into an error message.
const TAIL_BYTES: u64 = 4096;
/// How long a killed process may take to be gone: the kernel may still have to write out or unmap a lot.
const KILL_LIMIT: Duration = Duration::from_secs(10);

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It returned this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

impl Exit {
    /// Whether it returned code 0.
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, signal) => Self::Signal(signal.unwrap_or_default()),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Code(code) => write!(formatter, "exit code {code}"),
            Self::Signal(number) => match Signal::try_from(number) {
                Ok(signal) => formatter.write_str(signal.as_str()),
                Err(_) => write!(formatter, "signal {number}"),
            },
        }
    }
}

/// What to start.
pub(crate) struct Spawn {
    /// For messages: "ClickHouse", "Kafka node 1".
    pub name: String,
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub environment: Vec<(&'static str, OsString)>,
    pub directory: PathBuf,
    /// Standard output and error go here; the file of the run before becomes `….1`.
    pub log: PathBuf,
}

/// A running (or ended) child process. Dropping it kills the child.
#[derive(Debug)]
pub struct Process {
    name: String,
    pid: Pid,
    log: PathBuf,
    reaped: Arc<Mutex<bool>>,
    exit: watch::Receiver<Option<Exit>>,
}

impl Process {
    pub(crate) fn spawn(spawn: Spawn) -> Result<Self, Error> {
        let Spawn { name, program, arguments, environment, directory, log } = spawn;
        let log_file = fresh_log(&log)?;
        let log_file_too = log_file.try_clone().map_err(Error::file("open", &log))?;
        let mut command = Command::new(&program);
        command
            .args(arguments)
            .envs(environment)
            .current_dir(directory)
            // Ctrl-C in a terminal goes to the whole process group; the parent is to stop its engines in its own order.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log_file)
            .stderr(log_file_too);
        let child = spawn_for_good(command).map_err(|source| Error::Spawn { name: name.clone(), program, source })?;
        let pid = Pid::from_raw(child.id().cast_signed());
        let reaped = Arc::new(Mutex::new(false));
        let (sender, exit) = watch::channel(None);
        let waiter = {
            let reaped = Arc::clone(&reaped);
            move || sender.send_replace(Some(reap(child, pid, &reaped)))
        };
        thread::Builder::new().name(format!("wait-{pid}")).spawn(waiter).map_err(|source| Error::Spawn {
            name: name.clone(),
            program: "the thread that waits for it".into(),
            source,
        })?;
        tracing::debug!(name, %pid, log = %log.display(), "engine process started");
        Ok(Self { name, pid, log, reaped, exit })
    }

    /// What it is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw().cast_unsigned()
    }

    /// Where its output goes.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// How it ended, or `None` while it runs.
    pub fn exit(&self) -> Option<Exit> {
        *self.exit.borrow()
    }

    /// Waits until it ends, or `None` after the limit.
    pub async fn wait(&self, limit: Duration) -> Option<Exit> {
        let mut exit = self.exit.clone();
        let ended = timeout(limit, exit.wait_for(Option::is_some)).await;
        ended.ok().and_then(Result::ok).and_then(|exit| *exit)
    }

    /// Sends a signal; false when the process has already ended.
    pub fn signal(&self, signal: Signal) -> bool {
        let reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        !*reaped && signal::kill(self.pid, signal).is_ok()
    }

    /// SIGSTOP: it is there but does nothing, as a machine that hangs.
    pub fn pause(&self) -> bool {
        self.signal(Signal::SIGSTOP)
    }

    /// SIGCONT: it goes on after a [`pause`](Self::pause).
    pub fn resume(&self) -> bool {
        self.signal(Signal::SIGCONT)
    }

    /// SIGKILL, and waits until it is gone.
    pub async fn kill(&self) {
        self.signal(Signal::SIGKILL);
        if self.wait(KILL_LIMIT).await.is_none() {
            tracing::warn!(name = self.name, pid = self.pid(), "still there {KILL_LIMIT:?} after SIGKILL");
        }
    }

    /// SIGTERM, and SIGKILL if it is not gone after `grace`.
    pub async fn terminate(&self, grace: Duration) {
        self.resume(); // A stopped process would keep the SIGTERM pending.
        self.signal(Signal::SIGTERM);
        if self.wait(grace).await.is_none() {
            tracing::warn!(name = self.name, pid = self.pid(), "did not end within {grace:?} of SIGTERM, killing it");
            self.kill().await;
        }
    }

    /// The last lines of its output.
    pub fn log_tail(&self) -> String {
        tail(&self.log).unwrap_or_else(|error| format!("(cannot be read: {error})"))
    }

    pub(crate) fn ended(&self, exit: Exit, waited_for: impl Into<String>) -> Error {
        Error::Ended {
            name: self.name.clone(),
            exit,
            waited_for: waited_for.into(),
            log: self.log.clone(),
            tail: self.log_tail(),
        }
    }

    pub(crate) fn timed_out(&self, limit: Duration, waited_for: impl Into<String>) -> Error {
        Error::TimedOut {
            name: self.name.clone(),
            waited_for: waited_for.into(),
            limit,
            log: self.log.clone(),
            tail: self.log_tail(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}

/// Blocks until the child has ended, then reaps it under the lock that guards its process id.
fn reap(mut child: Child, pid: Pid, reaped: &Mutex<bool>) -> Exit {
    // Any error but an interruption would come back from `wait` too, which answers for it below.
    while let Err(nix::Error::EINTR) = waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) {}
    let mut reaped = reaped.lock().unwrap_or_else(PoisonError::into_inner);
    *reaped = true;
    child.wait().map_or(Exit::Code(-1), Exit::from)
}

fn fresh_log(path: &Path) -> Result<fs::File, Error> {
    let mut before = path.as_os_str().to_owned();
    before.push(".1");
    match fs::rename(path, &before) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::file("move aside", path)(error)),
        _ => {}
    }
    // Appending, because two descriptors write to it.
    fs::OpenOptions::new().create(true).append(true).open(path).map_err(Error::file("create", path))
}

fn tail(path: &Path) -> io::Result<String> {
    let mut file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim();
    Ok(if text.is_empty() { "(it is empty)".to_owned() } else { text.to_owned() })
}

type Request = (Command, mpsc::Sender<io::Result<Child>>);

/// Starts the command from the one thread that lives as long as this process.
fn spawn_for_good(command: Command) -> io::Result<Child> {
    static SPAWNER: OnceLock<Mutex<mpsc::Sender<Request>>> = OnceLock::new();
    let gone = || io::Error::other("the thread that starts processes is gone");
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, receiver) = mpsc::channel::<Request>();
        // Where the thread cannot be started the receiver is dropped, and every request fails with `gone`.
        let _ = thread::Builder::new().name("engine-spawner".to_owned()).spawn(move || {
            for (command, answer) in receiver {
                let _ = answer.send(spawn_bound(command));
            }
        });
        Mutex::new(sender)
    });
    let (answer, answered) = mpsc::channel();
    spawner.lock().unwrap_or_else(PoisonError::into_inner).send((command, answer)).map_err(|_| gone())?;
    answered.recv().map_err(|_| gone())?
}

/// Starts the command bound to the calling thread: the kernel kills the child when this thread, or process, ends.
#[expect(unsafe_code, reason = "the parent-death signal is set between fork and exec")]
fn spawn_bound(mut command: Command) -> io::Result<Child> {
    let parent = Pid::this();
    let bind_to_parent = move || {
        #[cfg(target_os = "linux")]
        nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
        // The parent may have died before the signal was set.
        if getppid() == parent { Ok(()) } else { Err(io::Error::from_raw_os_error(nix::Error::ESRCH as i32)) }
    };
    // SAFETY: the closure runs in the forked child, where only async-signal-safe calls are allowed. It makes two system
    // calls (prctl, getppid) and builds its errors from numbers: it neither allocates nor takes a lock.
    unsafe { command.pre_exec(bind_to_parent) };
    command.spawn()
}
