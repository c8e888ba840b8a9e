-- Events as accepted, and events as refused. Every statement is repeatable: see schemas/src/migrations.ts.

-- One row an event once merged (read with FINAL). Partition and sorting key hold only what is the same in every copy of
-- an event: the client's own clock, never the corrected one. Of several copies the one received first stays, whatever
-- the order they were inserted in: copy_rank is the version column and largest for the earliest receivedAt.
CREATE TABLE IF NOT EXISTS events
(
    source LowCardinality(String) COMMENT 'Source from millrace.config.ts',
    message_id String COMMENT 'One id for life: <stream>-<seq>, the client''s own, or minted from the content',
    type LowCardinality(String) COMMENT 'track, page, screen, identify, group or alias',
    event LowCardinality(String) COMMENT 'Name of a track event; for the other types the type itself',
    name String COMMENT 'Name of a page or screen',
    category LowCardinality(String) COMMENT 'Category of a page or screen',

    timestamp DateTime64(3, 'UTC') COMMENT 'When it happened: receivedAt - (sentAt - originalTimestamp), at most receivedAt',
    original_timestamp DateTime64(3, 'UTC') COMMENT 'Client''s clock when it happened; 1970-01-01 when the client did not say',
    sent_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Client''s clock when this copy was sent',
    received_at DateTime64(3, 'UTC') COMMENT 'Collector''s clock when this copy arrived',

    user_id String,
    anonymous_id String,
    group_id String,
    previous_id String,

    stream String COMMENT 'One page load or process lifetime',
    seq UInt32 COMMENT 'Place in the stream from 1; 0 when the client does not number. Proves loss on the route batch only: importing again is a new stream of known events',
    batch_id String,
    previous_stream String COMMENT 'On the first event of a page: the stream of the page before it in that tab',
    previous_seq UInt32 COMMENT 'and the last number given out in it',
    route LowCardinality(String) COMMENT 'batch (live) or import (history)',

    page_url String,
    page_path String,
    page_search String,
    page_referrer String,
    page_title String,
    user_agent String,
    locale LowCardinality(String),
    library_name LowCardinality(String),
    library_version LowCardinality(String),

    -- Keys beyond these many paths share one column: somebody with a public write key cannot make a thousand columns.
    properties JSON(max_dynamic_paths = 512) COMMENT 'A dot inside a key is stored as %2E',
    traits JSON(max_dynamic_paths = 128),
    context JSON(max_dynamic_paths = 256) COMMENT 'Batch and event context merged, without what has a column of its own',
    integrations JSON(max_dynamic_paths = 32),

    copy_rank UInt64 DEFAULT 18446744073709551615 - toUnixTimestamp64Milli(received_at),

    INDEX timestamp_range timestamp TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(copy_rank)
PARTITION BY toYYYYMM(original_timestamp)
ORDER BY (source, toStartOfHour(original_timestamp), event, message_id);

-- One row a refused event: what was wrong, and what it was.
CREATE TABLE IF NOT EXISTS quarantine
(
    source LowCardinality(String),
    message_id String COMMENT 'The event''s own id, or the one it would have had',
    reason LowCardinality(String) COMMENT 'One of the closed list in schemas/src/reasons.ts',
    path String COMMENT 'Where in the event; empty when it concerns the whole',
    message String COMMENT 'The same for a person',
    raw String COMMENT 'JSON text of the event as it arrived, cut to 32 KiB',
    raw_bytes UInt32 COMMENT 'Bytes of the whole text',
    received_at DateTime64(3, 'UTC'),
    stream String,
    seq UInt32,
    batch_id String,
    previous_stream String COMMENT 'As in events, when the first batch of a page has no accepted event',
    previous_seq UInt32,
    batch_index UInt32 COMMENT 'Position in the batch, from 0',
    route LowCardinality(String),
    user_agent String,
    copy_rank UInt64 DEFAULT 18446744073709551615 - toUnixTimestamp64Milli(received_at)
)
ENGINE = ReplacingMergeTree(copy_rank)
ORDER BY (source, message_id);
