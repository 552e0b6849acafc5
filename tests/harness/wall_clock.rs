//! Another wall clock for one process, by a small library that is loaded before the C library and
//! answers for it. The binary is the one everybody runs.

use std::{
    fs,
    os::unix::fs::FileExt,
    path::PathBuf,
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use domain::Instant;

use crate::{Hall, Running};

/// A clock that can be set.
pub struct WallClock {
    library: PathBuf,
    path: PathBuf,
    file: fs::File,
}

impl WallClock {
    /// One that shows the real time.
    pub fn new(hall: &Hall) -> Self {
        let source = hall.write("wall_clock.c", include_str!("wall_clock.c"));
        let library = hall.path("wall_clock.so");
        // There is a C compiler: the Kafka client was built with it.
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror"]).arg(source).arg("-o").arg(&library).arg("-ldl");
        assert!(compiler.status().expect("cc runs").success(), "the clock is compiled");
        let path = hall.path("clock");
        let clock = Self { library, file: fs::File::create(&path).expect("the clock's file"), path };
        clock.is_off_by(0);
        clock
    }

    /// Sets it so many seconds before (negative) or after the real time.
    pub fn is_off_by(&self, seconds: i64) {
        self.file.write_all_at(&seconds.to_ne_bytes(), 0).expect("the clock is set");
    }

    /// Sets it to an instant, from which on it goes.
    pub fn shows(&self, instant: &str) {
        let wanted = Instant::parse(instant).expect("an instant").ms() / 1000;
        let real = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs();
        self.is_off_by(wanted - real.cast_signed());
    }

    /// Starts `sundial run` by this clock.
    pub fn run(&self, hall: &Hall, arguments: &[&str]) -> Running {
        let mut command = hall.command();
        command.env("LD_PRELOAD", &self.library).env("WALL_CLOCK", &self.path);
        hall.run_by(command, arguments)
    }
}
