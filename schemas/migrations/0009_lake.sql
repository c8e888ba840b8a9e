-- Whether the lake and the warehouse have the same events: one row an hour of a source, as it was last compared.
-- shard by: cityHash64(source)
CREATE TABLE IF NOT EXISTS lake_reconciliations
(
    source LowCardinality(String) COMMENT 'Source from millrace.config.ts' CODEC(ZSTD(1)),
    hour DateTime64(0, 'UTC') COMMENT 'Hour of the client''s clock, as the folders of the lake have it; of receipt when the client did not say' CODEC(Delta(8), ZSTD(1)),
    status LowCardinality(String) COMMENT 'equal, waiting (either changed in the last quarter of an hour) or differs; compared on the row of 1970 that says when a run of the source began' CODEC(ZSTD(1)),
    lake_events UInt64 COMMENT 'Events that the manifest of the lake counts' CODEC(ZSTD(1)),
    warehouse_events UInt64 COMMENT 'Events in the warehouse, and those that only ClickHouse refused' CODEC(ZSTD(1)),
    lake_hash String COMMENT 'Sum of the hashes of their message ids, 16 hex digits: the same whatever the order' CODEC(ZSTD(1)),
    warehouse_hash String COMMENT 'Likewise' CODEC(ZSTD(1)),
    moved_at DateTime64(3, 'UTC') COMMENT 'When a comparison last found either changed' CODEC(Delta(8), ZSTD(1)),
    checked_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1))
)
ENGINE = ReplacingMergeTree(checked_at)
ORDER BY (source, hour);

-- The hours that differ, and by how much: read this one.
CREATE OR REPLACE VIEW lake_differences AS
SELECT source, hour, lake_events, warehouse_events, toInt64(lake_events) - toInt64(warehouse_events) AS only_in_lake, lake_hash, warehouse_hash, checked_at
FROM lake_reconciliations FINAL
WHERE status = 'differs'
ORDER BY source, hour;
