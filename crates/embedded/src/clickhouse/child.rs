//! The child's side: loads the library and serves until the fifo's writer closes it.

use std::{
    env,
    ffi::{CStr, CString, OsStr, OsString, c_char, c_int, c_void},
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    thread,
};

use libloading::{Library, Symbol};

use super::{HOLD, READY, config::CONFIG};
use crate::Error;

/// The parent says by these what to serve; the working directory is the data directory.
const LIBRARY: &str = "SUNDIAL_CLICKHOUSE_LIBRARY";
const HTTP_PORT: &str = "SUNDIAL_CLICKHOUSE_HTTP_PORT";
const WITH_TCP: &str = "SUNDIAL_CLICKHOUSE_WITH_TCP";

/// The engine parses and plans on this thread, and recurses deeply.
const STACK_BYTES: usize = 16 * 1024 * 1024;

pub(super) fn environment(library: &Path, http_port: u16, with_tcp: bool) -> Vec<(&'static str, OsString)> {
    vec![
        (LIBRARY, library.into()),
        (HTTP_PORT, http_port.to_string().into()),
        (WITH_TCP, if with_tcp { "1" } else { "0" }.into()),
        // As in the official images, wherever the machine is. `<timezone>` in the configuration has no effect here.
        ("TZ", "UTC".into()),
    ]
}

/// Whether this process was started by [`ClickHouse::start`](super::ClickHouse::start) to serve.
pub fn is_child() -> bool {
    env::var_os(LIBRARY).is_some()
}

/// Serves if this process was started for it, else returns at once.
pub fn serve_if_child() -> Result<(), Error> {
    if is_child() { serve_from_environment() } else { Ok(()) }
}

/// The body of the hidden subcommand: runs ClickHouse in this process until the parent wants it to stop or is gone.
///
/// The process should end soon after this returns: there cannot be a second engine in it.
pub fn serve_from_environment() -> Result<(), Error> {
    let library: PathBuf = env::var_os(LIBRARY).ok_or(Error::NotAChild(LIBRARY))?.into();
    let http_port = env::var_os(HTTP_PORT).ok_or(Error::NotAChild(HTTP_PORT))?;
    let with_tcp = env::var_os(WITH_TCP).is_some_and(|value| value == "1");
    let serve = move || run(&library, &arguments(&http_port, with_tcp));
    let engine = thread::Builder::new()
        .name("clickhouse".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(serve)
        .map_err(|error| Error::Engine(format!("cannot start its thread: {error}")))?;
    engine.join().unwrap_or_else(|_| Err(Error::Engine("its thread panicked".to_owned())))
}

fn arguments(http_port: &OsStr, with_tcp: bool) -> Vec<Vec<u8>> {
    // Only fixed names enter the SQL. The third statement blocks until the fifo is closed: that is how long it serves.
    let start_tcp = if with_tcp { "SYSTEM START LISTEN TCP; " } else { "" };
    let sql = format!(
        "{start_tcp}SYSTEM START LISTEN HTTP; \
         SELECT getServerPort('http_port') INTO OUTFILE '{READY}' TRUNCATE FORMAT TSVRaw; \
         SELECT * FROM file('{HOLD}', LineAsString) SETTINGS max_execution_time = 0 FORMAT Null; \
         SYSTEM STOP LISTEN HTTP"
    );
    let texts: [&[u8]; 11] = [
        b"clickhouse-local",
        b"--path",
        b"store",
        b"--http_port",
        http_port.as_bytes(),
        b"--listen_host",
        b"127.0.0.1",
        b"--config-file",
        CONFIG.as_bytes(),
        b"--query",
        sql.as_bytes(),
    ];
    texts.map(<[u8]>::to_vec).to_vec()
}

type SetSignalHandlersEnabled = unsafe extern "C" fn(c_int);
type QueryCommandLine = unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut c_void;
type ResultError = unsafe extern "C" fn(*mut c_void) -> *const c_char;
type DestroyResult = unsafe extern "C" fn(*mut c_void);

#[expect(unsafe_code, reason = "ClickHouse is a foreign library")]
fn run(path: &Path, arguments: &[Vec<u8>]) -> Result<(), Error> {
    let failed = |source| Error::Library { path: path.to_owned(), source };
    let strings = arguments
        .iter()
        .map(|argument| CString::new(argument.as_slice()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Error::Engine(format!("an argument holds a zero byte: {error}")))?;
    let mut pointers: Vec<*mut c_char> = strings.iter().map(|string| string.as_ptr().cast_mut()).collect();
    let count = c_int::try_from(pointers.len()).map_err(|error| Error::Engine(error.to_string()))?;
    pointers.push(std::ptr::null_mut());

    // SAFETY: the library is the one that scripts/setup verified against its checksum; running its initialisers is what
    // loading it is for, and nothing else in this process depends on the state they change.
    let library = unsafe { Library::new(path) }.map_err(failed)?;
    // Unloading would pull the code from under the engine's background threads: the library stays until the process ends.
    let library: &'static Library = Box::leak(Box::new(library));

    // SAFETY: the four types are those of chdb.h of this pinned version; `chdb_result *` is passed on without a look inside.
    let (set_signal_handlers_enabled, query, result_error, destroy_result) = unsafe {
        let set: Symbol<'_, SetSignalHandlersEnabled> = library.get(b"chdb_set_signal_handlers_enabled\0").map_err(failed)?;
        let query: Symbol<'_, QueryCommandLine> = library.get(b"chdb_query_cmdline\0").map_err(failed)?;
        let result_error: Symbol<'_, ResultError> = library.get(b"chdb_result_error\0").map_err(failed)?;
        let destroy_result: Symbol<'_, DestroyResult> = library.get(b"chdb_destroy_query_result\0").map_err(failed)?;
        (set, query, result_error, destroy_result)
    };

    // SAFETY: takes a number, and is called before anything else of the library, as it asks.
    unsafe { set_signal_handlers_enabled(0) };
    // SAFETY: `pointers` holds `count` pointers to zero-terminated strings and a closing null, as main's argv does; both
    // vectors outlive the call, which copies the arguments. This is the only engine of the process.
    let result = unsafe { query(count, pointers.as_mut_ptr()) };
    if result.is_null() {
        return Err(Error::Engine("it returned no result".to_owned()));
    }
    // SAFETY: `result` came from `chdb_query_cmdline` and is not destroyed yet.
    let message = unsafe { result_error(result) };
    let outcome = if message.is_null() {
        Ok(())
    } else {
        // SAFETY: a non-null message is a zero-terminated string that belongs to `result`, which is still alive.
        Err(Error::Engine(unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned()))
    };
    // SAFETY: `result` is destroyed once, and neither it nor `message` is used after this.
    unsafe { destroy_result(result) };
    if let Err(error) = &outcome {
        report(error);
    }
    outcome
}

/// On standard error, which the parent keeps as the log and quotes when the start fails.
fn report(error: &Error) {
    let _ = io::Write::write_all(&mut io::stderr(), format!("{error}\n").as_bytes());
}
