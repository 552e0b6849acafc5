//! A calendar in TOML.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let (Ok(calendar), _) = domain::calendar_file::check(text) {
        let (first, last) = calendar.covers();
        for year in [first, last] {
            assert!(calendar.working_days_in(year).expect("covered") <= 366);
        }
    }
});
