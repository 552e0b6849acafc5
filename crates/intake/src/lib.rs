//! Kafka consumption: poll thread, budget, commit frontier, drain on revoke, dead letters.
