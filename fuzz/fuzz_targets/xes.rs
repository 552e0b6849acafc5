//! An event log in XES, ours and one of others.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wire::log::{Mapping, Reading, xes};

static MAPPED: LazyLock<Reading> = LazyLock::new(|| {
    let text = include_str!("../../deploy/mappings/permits-2020.toml");
    Reading::By(Box::new(Mapping::from_toml(text).expect("the mapping is valid")))
});

fuzz_target!(|log: &[u8]| {
    for reading in [&Reading::Own, &*MAPPED] {
        let _ = xes::import(log, reading, &mut |_| true);
    }
});
