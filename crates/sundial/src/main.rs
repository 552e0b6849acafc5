//! The `sundial` binary.
fn main() {}
