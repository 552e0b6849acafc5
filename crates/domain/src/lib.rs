//! Events, catalogue, calendar, clocks, cases, cards, findings and figures: pure functions only.
