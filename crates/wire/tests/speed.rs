//! How fast messages are read. Not a test of a bound: machines differ.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{hint::black_box, time::Instant};

#[test]
#[ignore = "a measurement; run it in release with --ignored --nocapture"]
fn messages_a_second() {
    let message = r#"{"event_id":"hall-2018-000001234-05","source":"yzs-hall","revision":1,"kind":"step_completed","case_no":"YZS-2018-000001234","item":"env-eia-report","occurred_at":"2018-10-18T16:00:00+08:00","recorded_at":"2018-10-18T16:00:05+08:00","region":"430981","department":"环境保护局","window":"W12","handler":"H0042","role":"section","place":"hall","step":"review","step_name":"审查","result":"passed","opinion":"同意"}"#;
    const ROUNDS: u32 = 2_000_000;
    let start = Instant::now();
    for _ in 0..ROUNDS {
        black_box(wire::decode(black_box(message.as_bytes())).unwrap());
    }
    let rate = f64::from(ROUNDS) / start.elapsed().as_secs_f64();
    println!("{} bytes: {rate:.0} messages a second", message.len());
}
