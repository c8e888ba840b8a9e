-- Live windows that are closed: one row a group of each version of a window. Read `live_windows_latest` for how they are now.
-- shard by: cityHash64(source)
CREATE TABLE IF NOT EXISTS live_windows
(
    source LowCardinality(String) COMMENT 'Source from millrace.config.ts' CODEC(ZSTD(1)),
    name LowCardinality(String) COMMENT 'Name of the window''s definition' CODEC(ZSTD(1)),
    window_start DateTime64(3, 'UTC') COMMENT 'Inclusive; of a session its first event' CODEC(Delta(8), ZSTD(1)),
    window_end DateTime64(3, 'UTC') COMMENT 'Exclusive; of a session its last event plus the gap' CODEC(Delta(8), ZSTD(1)),
    version UInt32 COMMENT '1 when the window was first final, one more with each correction' CODEC(ZSTD(1)),
    state LowCardinality(String) COMMENT 'final, corrected, or removed: a session that is part of another one now' CODEC(ZSTD(1)),
    key Array(String) COMMENT 'Values of the fields that make the groups, in their order; empty for the one group of all' CODEC(ZSTD(1)),
    is_other Bool COMMENT 'What is in no group of its own, because there were too many' CODEC(ZSTD(1)),
    events UInt64 COMMENT 'Events in the group' CODEC(ZSTD(1)),
    values Map(LowCardinality(String), Float64) COMMENT 'Measures by name; a quantile is name.0.95. What could not be measured is not there' CODEC(ZSTD(1)),
    tops Map(LowCardinality(String), Array(Tuple(value String, count UInt64, error UInt64))) COMMENT 'Measures of kind top, most frequent first; a count is at most error too high' CODEC(ZSTD(1)),
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1))
)
ENGINE = ReplacingMergeTree(inserted_at)
PARTITION BY toStartOfWeek(window_start)
ORDER BY (source, name, window_start, key, is_other, version);

-- Each window as it is now.
CREATE OR REPLACE VIEW live_windows_latest AS
SELECT * FROM
(
    SELECT source, name, window_start, window_end, version, state, key, is_other, events, values, tops
    FROM live_windows FINAL
    ORDER BY source, name, window_start, key, is_other, version DESC
    LIMIT 1 BY source, name, window_start, key, is_other
)
WHERE state != 'removed';

-- Minutes of which live windows and roll-ups do not say the same, by name of event: those that the window `events` closed.
-- A minute is compared when both should have it: ten minutes after its end, until a day after; not one that had more names than
-- the window has groups, and not names that are longer than a group's key.
CREATE OR REPLACE VIEW live_differences AS
SELECT source, minute, event, live_events, rollup_events, toInt64(live_events) - toInt64(rollup_events) AS only_live
FROM
(
    SELECT source, minute, event, sum(live) AS live_events, sum(rolled) AS rollup_events
    FROM
    (
        SELECT source, toStartOfMinute(window_start) AS minute, key[1] AS event, events AS live, 0 AS rolled
        FROM live_windows_latest
        WHERE name = 'events' AND NOT is_other AND window_start >= now() - INTERVAL 1 DAY AND window_start < now() - INTERVAL 11 MINUTE
        UNION ALL
        SELECT source, minute, event, 0 AS live, events AS rolled
        FROM rollup_minute FINAL
        WHERE measure = '' AND minute >= now() - INTERVAL 1 DAY AND minute < now() - INTERVAL 11 MINUTE
    ) AS minutes
    -- Also minutes that have no window at all, from when the source's first one was closed.
    INNER JOIN (
        SELECT source, min(toStartOfMinute(window_start)) AS since FROM live_windows
        WHERE name = 'events' AND window_start >= now() - INTERVAL 1 DAY GROUP BY source
    ) AS known USING (source)
    WHERE minute > since AND lengthUTF8(event) < 200 AND (source, minute) NOT IN (
        SELECT source, toStartOfMinute(window_start) FROM live_windows
        WHERE name = 'events' AND is_other AND window_start >= now() - INTERVAL 1 DAY
    )
    GROUP BY source, minute, event
)
WHERE live_events != rollup_events
ORDER BY source, minute, event;
