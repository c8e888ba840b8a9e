-- Beats: events of our own that go through the whole pipeline every minute, and when each was where. Read with FINAL.
-- shard by: cityHash64(sent_at)
CREATE TABLE IF NOT EXISTS heartbeats
(
    sent_at DateTime64(3, 'UTC') COMMENT 'The cron''s clock when it was sent' CODEC(Delta(8), ZSTD(1)),
    message_id String COMMENT 'Of its event, whose source is heartbeat' CODEC(ZSTD(1)),
    door LowCardinality(String) COMMENT 'How it was sent: url (the public address), self (the binding SELF) or inside (the handler, called in the cron''s own isolate)' CODEC(ZSTD(1)),
    answered_ms Nullable(UInt32) COMMENT 'Until the collector said that it has it; NULL when it did not' CODEC(ZSTD(1)),
    live_ms Nullable(UInt32) COMMENT 'Until the live window counted it; NULL while that is not known' CODEC(ZSTD(1)),
    warehouse_ms Nullable(UInt32) COMMENT 'Until ClickHouse had it, by ClickHouse''s clock; likewise' CODEC(ZSTD(1)),
    lake_ms Nullable(UInt32) COMMENT 'Until a published file of the lake had it; likewise' CODEC(ZSTD(1)),
    answered_objective_ms UInt32 COMMENT 'In what time it had to be answered' CODEC(ZSTD(1)),
    live_objective_ms UInt32 COMMENT 'Likewise of the live window' CODEC(ZSTD(1)),
    warehouse_objective_ms UInt32 COMMENT 'Likewise of ClickHouse' CODEC(ZSTD(1)),
    lake_objective_ms UInt32 COMMENT 'Likewise of the lake' CODEC(ZSTD(1)),
    state LowCardinality(String) COMMENT 'ok, late (a stage took longer than its objective, or has not got it in that time), lost (a stage has not got it after an hour) or pending (under way, and in time)' CODEC(ZSTD(1)),
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the stages were asked for it last, by the cron''s clock: what is NULL was not there then' CODEC(Delta(8), ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(sent_at)
ORDER BY sent_at
TTL toDateTime(sent_at) + INTERVAL 90 DAY;

-- How long beats took to each stage in the last hour and the last day, and which share was there in time: of those that are
-- there, and those that were looked for after their objective. One that was sent a moment ago is not due.
CREATE OR REPLACE VIEW heartbeat_objectives AS
SELECT
    period,
    stage,
    argMax(objective, sent_at) AS objective_ms,
    count() AS beats,
    count(ms) AS arrived,
    if(count(ms) = 0, NULL, quantileExact(0.5)(ms)) AS p50_ms,
    if(count(ms) = 0, NULL, quantileExact(0.95)(ms)) AS p95_ms,
    if(count(ms) = 0, NULL, quantileExact(0.99)(ms)) AS p99_ms,
    countIf(ms <= objective) / nullIf(countIf(ms IS NOT NULL OR sent_at + toIntervalMillisecond(objective) < updated_at), 0) AS within_objective,
    max(sent_at) AS last_sent_at
FROM
(
    SELECT
        sent_at,
        updated_at,
        arrayJoin(if(sent_at >= now() - INTERVAL 1 HOUR, ['1h', '24h'], ['24h'])) AS period,
        arrayJoin([
            ('answered', answered_ms, answered_objective_ms),
            ('live', live_ms, live_objective_ms),
            ('warehouse', warehouse_ms, warehouse_objective_ms),
            ('lake', lake_ms, lake_objective_ms)
        ]) AS at,
        at.1 AS stage,
        at.2 AS ms,
        at.3 AS objective
    FROM heartbeats FINAL
    WHERE sent_at >= now() - INTERVAL 1 DAY
)
GROUP BY period, stage
ORDER BY period, indexOf(['answered', 'live', 'warehouse', 'lake'], stage);
