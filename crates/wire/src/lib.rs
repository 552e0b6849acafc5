//! The JSON on the topic to and from the domain; the only crate that knows the message format.
