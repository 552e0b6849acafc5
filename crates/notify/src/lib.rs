//! Cards to channels, once each.
