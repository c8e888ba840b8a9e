-- Lookup tables in ClickHouse: what they say today, and what they said at any time before.

-- What each key's row became, and when: a row is written only where it differs from the one before.
-- shard by: cityHash64(source, name, key)
CREATE TABLE IF NOT EXISTS lookup_rows
(
    source LowCardinality(String) COMMENT 'Source from millrace.config.ts' CODEC(ZSTD(1)),
    name LowCardinality(String) COMMENT 'Name of the lookup table' CODEC(ZSTD(1)),
    key String COMMENT 'Key of the row, as text' CODEC(ZSTD(1)),
    row String COMMENT 'JSON text of the row; empty where the table has the key no more' CODEC(ZSTD(1)),
    valid_from DateTime64(3, 'UTC') COMMENT 'When the table that says so was stored; it holds until the next row of the key' CODEC(Delta(8), ZSTD(1)),
    version LowCardinality(String) COMMENT 'Version of that table, as in events.lookup_versions' CODEC(ZSTD(1)),
    written_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1))
)
ENGINE = ReplacingMergeTree(written_at)
ORDER BY (source, name, key, valid_from);

-- A table on its way into lookup_rows, whole: it may come in pieces.
-- shard by: cityHash64(load, key)
CREATE TABLE IF NOT EXISTS lookup_staging
(
    load String COMMENT 'Of which load it is a part',
    key String,
    row String,
    day Date DEFAULT today()
)
ENGINE = MergeTree
PARTITION BY day
ORDER BY (load, key)
TTL day + INTERVAL 1 DAY DELETE
SETTINGS ttl_only_drop_parts = 1;

-- Which versions were brought here. The last one of a table stands when its beginning and its end are the last two rows.
-- shard by: cityHash64(source, name)
CREATE TABLE IF NOT EXISTS lookup_loads
(
    source LowCardinality(String),
    name LowCardinality(String) COMMENT 'Name of the lookup table',
    load String COMMENT 'Id of one attempt',
    step LowCardinality(String) COMMENT 'begun or done',
    version String COMMENT 'Version of the table; empty when it was removed',
    rows UInt32 COMMENT 'Rows of the table',
    at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY (source, name, at);

-- Each row with the time that it holds for.
CREATE OR REPLACE VIEW lookup_history AS
SELECT source, name, key, row, version, valid_from, valid_to
FROM
(
    SELECT
        *,
        leadInFrame(valid_from, 1, toDateTime64('2200-01-01 00:00:00', 3, 'UTC')) OVER (
            PARTITION BY source, name, key ORDER BY valid_from
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS valid_to
    FROM lookup_rows FINAL
)
WHERE row != '';

CREATE DICTIONARY IF NOT EXISTS lookup_today
(
    source String,
    name String,
    key String,
    row String
)
PRIMARY KEY source, name, key
SOURCE(CLICKHOUSE(USER {user} PASSWORD {password} DB '{database}' QUERY $$SELECT source, name, key, argMax(row, valid_from) AS latest FROM {database}.lookup_rows FINAL GROUP BY source, name, key HAVING latest != ''$$ INVALIDATE_QUERY $$SELECT max(at) FROM {database}.lookup_loads$$))
LAYOUT(COMPLEX_KEY_HASHED())
LIFETIME(MIN 20 MAX 40);

CREATE DICTIONARY IF NOT EXISTS lookup_then
(
    source String,
    name String,
    key String,
    valid_from Int64,
    valid_to Int64,
    row String
)
PRIMARY KEY source, name, key
SOURCE(CLICKHOUSE(USER {user} PASSWORD {password} DB '{database}' QUERY $$SELECT source, name, key, toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to) - 1, row FROM {database}.lookup_history$$ INVALIDATE_QUERY $$SELECT max(at) FROM {database}.lookup_loads$$))
LAYOUT(COMPLEX_KEY_RANGE_HASHED())
RANGE(MIN valid_from MAX valid_to)
LIFETIME(MIN 20 MAX 40);
