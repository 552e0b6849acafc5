//! `sundial`: electronic efficiency supervision for approval halls.

use std::process::ExitCode;

use sundial::cli;

fn main() -> ExitCode {
    match cli::run() {
        Ok(code) => code,
        Err(error) => {
            cli::say_error(&error);
            ExitCode::FAILURE
        }
    }
}
