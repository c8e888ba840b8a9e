-- Page and screen views of an hour by the values of the fields that dashboards list: the top pages of a month are then read
-- from some thousand rows instead of millions of events. Computed anew with the hour, like rollup_hour.
-- shard by: cityHash64(source, field, value)
CREATE TABLE IF NOT EXISTS rollup_hour_fields
(
    source LowCardinality(String) CODEC(ZSTD(1)),
    field LowCardinality(String) COMMENT 'Name of a column of events: page_path, country ...' CODEC(ZSTD(1)),
    event LowCardinality(String) COMMENT 'page or screen' CODEC(ZSTD(1)),
    hour DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    value String COMMENT 'What the column has, empty where it has nothing' CODEC(ZSTD(1)),
    events UInt64 CODEC(ZSTD(1)),
    people AggregateFunction(uniqExact, UInt64) COMMENT 'Hashes of person_id: read with uniqExactMerge(people)' CODEC(ZSTD(1)),
    computed_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
    is_deleted UInt8 DEFAULT 0 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(computed_at, is_deleted)
PARTITION BY toYYYYMM(hour)
ORDER BY (source, field, event, hour, value);

-- What is read in the place of an event has to outlast it, also when its time was corrected backwards.
ALTER TABLE corrected_events
    ADD COLUMN IF NOT EXISTS kept_from DateTime64(3, 'UTC') MATERIALIZED greatest(timestamp, multiIf(
        toUnixTimestamp64Milli(original_timestamp) = 0, received_at,
        route = 'import', original_timestamp,
        received_at - toIntervalMillisecond(greatest(0, dateDiff('millisecond', original_timestamp, ifNull(sent_at, received_at))))
    )) COMMENT 'Retention counts from here: the later of the time as corrected and as it came';

-- Hours of before have to be in it too: the next runs compute everything anew.
INSERT INTO recompute_state (job, up_to, minutes, sessions, identities, duration_ms)
SELECT job, toDateTime64(0, 3, 'UTC'), 0, 0, 0, 0 FROM recompute_state FINAL WHERE job = 'recompute';
