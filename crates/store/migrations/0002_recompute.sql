-- What deriving everything anew needs to know.

CREATE TABLE {database}.rule_sets {on_cluster}
(
    generation   UInt32,
    fingerprint  String COMMENT 'of catalogue, calendar, profile and code maps',
    at           DateTime DEFAULT now()
)
ENGINE = {engine}ReplacingMergeTree{replica_only}
ORDER BY (generation, fingerprint);

CREATE TABLE {database}.recomputes {on_cluster}
(
    scope       String COMMENT 'department and item it was narrowed to',
    generation  UInt32,
    after       String COMMENT 'the case number up to which it came',
    finished    UInt8,
    at          DateTime64(3, 'UTC')
)
ENGINE = {engine}ReplacingMergeTree({replica}at)
ORDER BY (scope, generation);
