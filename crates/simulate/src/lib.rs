//! A believable county: staff, working days, bottlenecks and fraud; deterministic by seed.
