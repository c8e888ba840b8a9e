-- The books: what collectors say they took, what of it is here, and which numbers of streams never came.

-- One row an envelope that is stored: written after its events, so what is here has been kept. The same envelope gives the
-- same row whenever it comes again. Ids go after eight days, the rest after five weeks.
-- shard by: cityHash64(source)
CREATE TABLE IF NOT EXISTS receipts
(
    source LowCardinality(String) COMMENT 'Source from millrace.config.ts' CODEC(ZSTD(1)),
    book String COMMENT 'Account of one isolate of the collector over one source, for six hours' CODEC(ZSTD(1)),
    number UInt32 COMMENT 'Which request of the book, from 1; one after the last: its end, told by the next book; 0: an earlier collector wrote the envelope, and it is in no book' CODEC(Delta(4), ZSTD(1)),
    part UInt32 COMMENT 'Which envelope of the request, from 0; of the end of a book, its settled' CODEC(ZSTD(1)),
    taken_at DateTime64(3, 'UTC') COMMENT 'When the request was taken; of what is replayed, other than when it was received' CODEC(Delta(8), ZSTD(1)),
    received_at DateTime64(3, 'UTC') COMMENT 'As its events have it' CODEC(Delta(8), ZSTD(1)),
    route LowCardinality(String) COMMENT 'batch (live) or import (history)' CODEC(ZSTD(1)),

    accepted UInt32 COMMENT 'Events in this envelope that were accepted, and are stored' CODEC(ZSTD(1)),
    quarantined UInt32 COMMENT 'Events in it that were refused' CODEC(ZSTD(1)),
    filtered UInt32 COMMENT 'Events in it that were left out on purpose' CODEC(ZSTD(1)),
    repeated UInt32 COMMENT 'Events in it that the same batch has already' CODEC(ZSTD(1)),
    forgotten UInt32 COMMENT 'Accepted events in it of persons that are forgotten' CODEC(ZSTD(1)),

    own_accepted UInt32 COMMENT 'Events of the whole request that were accepted, those that it repeats among them' CODEC(ZSTD(1)),
    own_quarantined UInt32 CODEC(ZSTD(1)),
    own_filtered UInt32 CODEC(ZSTD(1)),
    before_accepted UInt32 COMMENT 'The same of all requests before it in the book' CODEC(Delta(4), ZSTD(1)),
    before_quarantined UInt32 CODEC(ZSTD(1)),
    before_filtered UInt32 CODEC(ZSTD(1)),
    settled UInt32 COMMENT 'Every request below it was acknowledged, but for those in failed' CODEC(Delta(4), ZSTD(1)),
    failed Array(UInt32) COMMENT 'Requests that neither queue nor bucket took' CODEC(ZSTD(1)),
    failed_accepted Array(UInt32) COMMENT 'and their events, in the same order' CODEC(ZSTD(1)),
    failed_quarantined Array(UInt32) CODEC(ZSTD(1)),
    failed_filtered Array(UInt32) CODEC(ZSTD(1)),
    refused_requests Map(LowCardinality(String), UInt32) COMMENT 'Requests refused whole since the book began, by code' CODEC(ZSTD(1)),
    refused_events Map(LowCardinality(String), UInt32) COMMENT 'and events in them, as far as they could be counted' CODEC(ZSTD(1)),

    ids Array(String) COMMENT 'Message ids of the accepted events' CODEC(ZSTD(1)) TTL toDateTime(taken_at) + INTERVAL 8 DAY,
    hours Array(UInt32) COMMENT 'Hours of the client''s clock that they lie in, in seconds since 1970' CODEC(ZSTD(1)) TTL toDateTime(taken_at) + INTERVAL 8 DAY,
    days Array(UInt16) COMMENT 'Days of their corrected times, since 1970: events are deleted by it' CODEC(ZSTD(1)) TTL toDateTime(taken_at) + INTERVAL 8 DAY,
    not_storable Array(String) COMMENT 'Those of the ids that ClickHouse refused' CODEC(ZSTD(1)) TTL toDateTime(taken_at) + INTERVAL 8 DAY,

    stream String COMMENT 'One page load or process lifetime' CODEC(ZSTD(1)),
    seq_from Array(UInt32) COMMENT 'Numbers in the stream that are in this envelope, whatever became of them: ranges,' CODEC(ZSTD(1)),
    seq_to Array(UInt32) COMMENT 'both ends inclusive' CODEC(ZSTD(1)),
    previous_stream String COMMENT 'The stream of the page before it in that tab' CODEC(ZSTD(1)),
    previous_seq UInt32 COMMENT 'and the last number given out in it' CODEC(ZSTD(1)),
    drop_ids Array(String) COMMENT 'Events in which the client says what it dropped,' CODEC(ZSTD(1)),
    drop_reasons Array(String) COMMENT 'why,' CODEC(ZSTD(1)),
    drop_counts Array(UInt32) COMMENT 'and how many' CODEC(ZSTD(1)),

    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),

    INDEX inserted_range inserted_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(inserted_at)
PARTITION BY toMonday(taken_at)
ORDER BY (source, toStartOfHour(taken_at), book, number, part)
TTL toDateTime(taken_at) + INTERVAL 35 DAY
SETTINGS ttl_only_drop_parts = 0;

-- What is known of each stream for five to six weeks, by its name: the numbers that came, as sets, and, from the page after it, how
-- far it went. Sets are only ever put together, so a receipt that comes twice, late or out of order changes nothing, and a
-- stream of any length is a few rows: 65,536 numbers are 8 KB at most, and next to nothing when none is missing.
-- shard by: cityHash64(source)
CREATE TABLE IF NOT EXISTS stream_parts
(
    source LowCardinality(String) COMMENT 'Source from millrace.config.ts' CODEC(ZSTD(1)),
    stream String COMMENT 'One page load or process lifetime' CODEC(ZSTD(1)),
    block UInt16 COMMENT 'Which 65,536 numbers: number / 65,536, rounded down; 0 where it is not of the stream itself' CODEC(ZSTD(1)),
    week Date COMMENT 'Monday of the week in which it was received' CODEC(ZSTD(1)),
    came AggregateFunction(groupBitmap, UInt32) COMMENT 'Numbers of the block that came: read with groupBitmapMerge(came)' CODEC(ZSTD(1)),
    highest SimpleAggregateFunction(max, UInt32) COMMENT 'The highest of them; 0: none, this is what a later page told' CODEC(ZSTD(1)),
    told SimpleAggregateFunction(max, UInt32) COMMENT 'Last number of the stream, as the next page in that tab tells; 0: not told' CODEC(ZSTD(1)),
    first_received_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
    last_received_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY week
ORDER BY (source, stream, block, week)
TTL week + INTERVAL 49 DAY
SETTINGS index_granularity = 512;

CREATE MATERIALIZED VIEW IF NOT EXISTS stream_parts_came TO stream_parts AS
SELECT source, stream, toUInt16(bitShiftRight(seq, 16)) AS block, toDate(toMonday(received_at)) AS week,
    groupBitmapState(seq) AS came, max(seq) AS highest, toUInt32(0) AS told, min(received_at) AS first_received_at, max(received_at) AS last_received_at
FROM
(
    SELECT source, stream, received_at,
        toUInt32(arrayJoin(arrayFlatten(arrayMap((first, last) -> range(toUInt64(first), toUInt64(last) + 1), seq_from, seq_to)))) AS seq
    FROM receipts
    WHERE stream != '' AND route = 'batch' AND received_at >= now() - INTERVAL 49 DAY
)
GROUP BY source, stream, block, week;

CREATE MATERIALIZED VIEW IF NOT EXISTS stream_parts_told TO stream_parts AS
SELECT source, previous_stream AS stream, toUInt16(0) AS block, toDate(toMonday(received_at)) AS week,
    toUInt32(0) AS highest, max(previous_seq) AS told, min(received_at) AS first_received_at, max(received_at) AS last_received_at
FROM receipts
WHERE previous_stream != '' AND route = 'batch' AND received_at >= now() - INTERVAL 49 DAY
GROUP BY source, stream, block, week;

-- How far each stream had come, week by week, for longer than its numbers are kept: who goes on after two months lacks nothing of
-- what came before. A few bytes a stream.
-- shard by: cityHash64(source)
CREATE TABLE IF NOT EXISTS stream_ends
(
    source LowCardinality(String) COMMENT 'Source from millrace.config.ts' CODEC(ZSTD(1)),
    stream_hash UInt64 COMMENT 'sipHash64(stream)' CODEC(ZSTD(1)),
    week Date COMMENT 'Monday of a week in which something of it was received' CODEC(ZSTD(1)),
    lowest SimpleAggregateFunction(min, UInt32) COMMENT 'Lowest number that came then' CODEC(ZSTD(1)),
    highest SimpleAggregateFunction(max, UInt32) COMMENT 'and the highest' CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(week)
ORDER BY (source, stream_hash, week)
TTL week + INTERVAL 400 DAY
SETTINGS index_granularity = 512, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS stream_ends_came TO stream_ends AS
SELECT source, sipHash64(stream) AS stream_hash, toDate(toMonday(received_at)) AS week, min(arrayMin(seq_from)) AS lowest, max(arrayMax(seq_to)) AS highest
FROM receipts
WHERE stream != '' AND route = 'batch' AND notEmpty(seq_from) AND received_at >= now() - INTERVAL 400 DAY
GROUP BY source, stream_hash, week;

-- What clients say they dropped, by the event that says so: a copy of it says the same. Of one envelope the first 32 are kept.
-- shard by: cityHash64(source)
CREATE TABLE IF NOT EXISTS stream_drops
(
    source LowCardinality(String) COMMENT 'Source from millrace.config.ts' CODEC(ZSTD(1)),
    stream String COMMENT 'One page load or process lifetime' CODEC(ZSTD(1)),
    event_hash UInt64 COMMENT 'sipHash64(message_id) of the event that says it' CODEC(ZSTD(1)),
    reason LowCardinality(String) COMMENT 'Why it dropped them' CODEC(ZSTD(1)),
    count UInt32 COMMENT 'and how many' CODEC(ZSTD(1)),
    received_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (source, stream, event_hash, reason)
TTL toDateTime(received_at) + INTERVAL 49 DAY
SETTINGS index_granularity = 512;

CREATE MATERIALIZED VIEW IF NOT EXISTS stream_drops_told TO stream_drops AS
SELECT source, stream, sipHash64(declared.1) AS event_hash, declared.2 AS reason, declared.3 AS count, received_at
FROM
(
    SELECT source, stream, received_at, arrayJoin(arraySlice(arrayZip(drop_ids, drop_reasons, drop_counts), 1, 32)) AS declared
    FROM receipts
    WHERE stream != '' AND route = 'batch'
);

-- Everything that was received, and what became of it: computed anew for each minute that a receipt touches.
-- shard by: cityHash64(source)
CREATE TABLE IF NOT EXISTS ledger_minutes
(
    source LowCardinality(String) COMMENT 'Source from millrace.config.ts' CODEC(ZSTD(1)),
    minute DateTime('UTC') COMMENT 'Minute in which it was received' CODEC(Delta(4), ZSTD(1)),
    received UInt64 COMMENT 'Events: accepted + quarantined + filtered + refused' CODEC(ZSTD(1)),
    accepted UInt64 COMMENT 'Events: stored + duplicates + not_storable + forgotten + in_flight + missing' CODEC(ZSTD(1)),
    quarantined UInt64 COMMENT 'Events refused for their content' CODEC(ZSTD(1)),
    filtered UInt64 COMMENT 'Events left out on purpose' CODEC(ZSTD(1)),
    refused UInt64 COMMENT 'Events of requests that were refused whole, as far as they could be counted' CODEC(ZSTD(1)),
    refused_requests Map(LowCardinality(String), UInt64) COMMENT 'Those requests, by code' CODEC(ZSTD(1)),
    stored UInt64 COMMENT 'Events that are stored by what was received in this minute, each counted once' CODEC(ZSTD(1)),
    duplicates UInt64 COMMENT 'Copies of events that are stored already' CODEC(ZSTD(1)),
    not_storable UInt64 COMMENT 'Events that ClickHouse refused; they are in quarantine' CODEC(ZSTD(1)),
    forgotten UInt64 COMMENT 'Events of persons that are forgotten' CODEC(ZSTD(1)),
    in_flight UInt64 COMMENT 'Events acknowledged that are not here yet: in a queue, in the spill, or among the dead letters' CODEC(ZSTD(1)),
    missing UInt64 COMMENT 'Events that nothing explains: said to be stored, and not found, or never come' CODEC(ZSTD(1)),
    overdue UInt64 COMMENT 'Of missing: acknowledged, never come, and of longer ago than a queue keeps its messages' CODEC(ZSTD(1)),
    spilled UInt64 COMMENT 'Of in_flight: in the spill, as far as that is known' CODEC(ZSTD(1)),
    dead UInt64 COMMENT 'Of in_flight: among the dead letters, as far as that is known' CODEC(ZSTD(1)),
    checked_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1))
)
ENGINE = ReplacingMergeTree(checked_at)
ORDER BY (source, minute);

-- How far the ledger is.
-- shard by: cityHash64(job)
CREATE TABLE IF NOT EXISTS ledger_runs
(
    job LowCardinality(String) COMMENT 'ledger; gaps; running: a run that has begun at up_to; swept: when old minutes were last looked at again; swept_hour: which; begun: there were events before there were books' CODEC(ZSTD(1)),
    up_to DateTime64(3, 'UTC') COMMENT 'What was inserted before is in the ledger' CODEC(ZSTD(1)),
    minutes UInt64 COMMENT 'Minutes that the last run computed' CODEC(ZSTD(1)),
    duration_ms UInt64 COMMENT 'and how long it took' CODEC(ZSTD(1)),
    finished_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(finished_at)
ORDER BY job;

-- Streams that began before there were receipts must not look as if they had gaps.
INSERT INTO ledger_runs (job, up_to, minutes, duration_ms) SELECT 'begun', now64(3), 0, 0 FROM (SELECT 1 AS one FROM events LIMIT 1);

-- The ledger by the hour of receipt: read this one.
CREATE OR REPLACE VIEW ledger AS
SELECT source, toStartOfHour(minute) AS hour, sum(l.received) AS received, sum(l.accepted) AS accepted, sum(l.quarantined) AS quarantined, sum(l.filtered) AS filtered, sum(l.refused) AS refused,
    sumMap(l.refused_requests) AS refused_requests,
    sum(l.stored) AS stored, sum(l.duplicates) AS duplicates, sum(l.not_storable) AS not_storable, sum(l.forgotten) AS forgotten,
    sum(l.in_flight) AS in_flight, sum(l.missing) AS missing, sum(l.spilled) AS spilled, sum(l.dead) AS dead, max(l.checked_at) AS checked_at
FROM ledger_minutes AS l FINAL
GROUP BY source, hour
ORDER BY source, hour;

-- Streams of which numbers are missing below the highest known, or whose client says that it dropped events. A row with
-- neither is of a stream whose gap has closed since.
-- shard by: cityHash64(source)
CREATE TABLE IF NOT EXISTS stream_gaps
(
    source LowCardinality(String) COMMENT 'Source from millrace.config.ts' CODEC(ZSTD(1)),
    stream String COMMENT 'One page load or process lifetime' CODEC(ZSTD(1)),
    missing UInt64 COMMENT 'Numbers that never came' CODEC(ZSTD(1)),
    missing_ranges Array(Tuple(from UInt32, to UInt32)) COMMENT 'Which: the first ranges, a hundred at most, both ends inclusive' CODEC(ZSTD(1)),
    highest UInt32 COMMENT 'Highest number that came, or that a later page of the same tab named as the last' CODEC(ZSTD(1)),
    tail LowCardinality(String) COMMENT 'known: a later page named the last number; unknown: what came after highest, nobody can say' CODEC(ZSTD(1)),
    dropped UInt64 COMMENT 'Events that the client says it dropped' CODEC(ZSTD(1)),
    dropped_by Map(LowCardinality(String), UInt64) COMMENT 'The same by reason' CODEC(ZSTD(1)),
    first_received_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    last_received_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    checked_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1))
)
ENGINE = ReplacingMergeTree(checked_at)
ORDER BY (source, stream)
TTL toDateTime(last_received_at) + INTERVAL 400 DAY;

-- What never came: read this one. `open`: something of the stream came a quarter of an hour ago, so the rest may be under way.
CREATE OR REPLACE VIEW delivery_gaps AS
SELECT source, stream, missing, missing_ranges, highest, tail, dropped, dropped_by, first_received_at, last_received_at,
    if(last_received_at > now64(3) - INTERVAL 15 MINUTE, 'open', 'settled') AS state, checked_at
FROM stream_gaps FINAL
WHERE missing > 0 OR dropped > 0
ORDER BY source, stream;

-- As in 0010, but whole minutes on both sides: there the last minute was compared as soon as it had its first window. A minute
-- that got events late, or another version of a window, is compared again five minutes after it did: both sides follow within two.
CREATE OR REPLACE VIEW live_differences AS
SELECT source, minute, event, live_events, rollup_events, toInt64(live_events) - toInt64(rollup_events) AS only_live
FROM
(
    SELECT source, minute, event, sum(live) AS live_events, sum(rolled) AS rollup_events
    FROM
    (
        SELECT source, toStartOfMinute(window_start) AS minute, key[1] AS event, events AS live, 0 AS rolled
        FROM live_windows_latest
        WHERE name = 'events' AND NOT is_other
            AND toStartOfMinute(window_start) >= now() - INTERVAL 1 DAY AND toStartOfMinute(window_start) < now() - INTERVAL 11 MINUTE
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
    ) AND (source, minute) NOT IN (
        SELECT source, toStartOfMinute(timestamp) FROM events
        WHERE inserted_at > now64(3) - INTERVAL 5 MINUTE AND timestamp >= now() - INTERVAL 1 DAY
        UNION ALL
        SELECT source, toStartOfMinute(window_start) FROM live_windows
        WHERE name = 'events' AND inserted_at > now64(3) - INTERVAL 5 MINUTE AND window_start >= now() - INTERVAL 1 DAY
    )
    GROUP BY source, minute, event
)
WHERE live_events != rollup_events
ORDER BY source, minute, event;
