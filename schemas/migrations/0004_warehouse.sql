-- The warehouse: events sorted so that their ids compress, what is computed from them again and again, and the views that
-- read it. Every statement is repeatable: see schemas/src/migrations.ts, also for `-- unless:` and `{database}`.

-- A week a partition, made one part once nothing came to it for six hours: FINAL has then nothing to merge there, which
-- halves the time of a question over a week.
--
-- Events again, under another sorting key: without the name, the events of a page lie side by side, and a row takes 41
-- bytes where it took 150 (10 million rows; half of it by the key, half by the codec). Partition and key still hold only
-- what is the same in every copy of an event.
-- shard by: cityHash64(source, message_id)
CREATE TABLE IF NOT EXISTS events_0004
(
    source LowCardinality(String) COMMENT 'Source from millrace.config.ts' CODEC(ZSTD(1)),
    message_id String COMMENT 'One id for life: <stream>-<seq>, the client''s own, or minted from the content' CODEC(ZSTD(1)),
    type LowCardinality(String) COMMENT 'track, page, screen, identify, group or alias' CODEC(ZSTD(1)),
    event LowCardinality(String) COMMENT 'Name of a track event; for the other types the type itself' CODEC(ZSTD(1)),
    name String COMMENT 'Name of a page or screen' CODEC(ZSTD(1)),
    category LowCardinality(String) COMMENT 'Category of a page or screen' CODEC(ZSTD(1)),

    timestamp DateTime64(3, 'UTC') COMMENT 'When it happened: receivedAt - (sentAt - originalTimestamp), at most receivedAt' CODEC(Delta(8), ZSTD(1)),
    original_timestamp DateTime64(3, 'UTC') COMMENT 'Client''s clock when it happened; 1970-01-01 when the client did not say' CODEC(Delta(8), ZSTD(1)),
    sent_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Client''s clock when this copy was sent' CODEC(ZSTD(1)),
    received_at DateTime64(3, 'UTC') COMMENT 'Collector''s clock when this copy arrived' CODEC(Delta(8), ZSTD(1)),
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'ClickHouse''s clock when this copy was inserted' CODEC(Delta(8), ZSTD(1)),

    user_id String CODEC(ZSTD(1)),
    anonymous_id String CODEC(ZSTD(1)),
    group_id String CODEC(ZSTD(1)),
    previous_id String CODEC(ZSTD(1)),
    -- Words that programs write where they know nobody, and no id at all. Bit 0: user_id is one; 1: anonymous_id; 2: previous_id.
    placeholder_ids UInt8 MATERIALIZED arraySum((id, bit) -> bit * (lower(trimBoth(id)) IN ('null', '(null)', 'undefined', 'anonymous', 'anon', 'guest', 'none', '(none)', 'nil', 'nan', 'n/a', 'unknown', 'true', 'false', '0', '-1', '{}', '[]', '[object object]', 'not_authenticated', 'distinct_id', 'distinctid', 'user_id', 'userid', 'anonymous_id', 'anonymousid', 'id', 'user', 'email', '00000000-0000-0000-0000-000000000000', '')), [user_id, anonymous_id, previous_id], [1, 2, 4]) CODEC(ZSTD(1)),

    stream String COMMENT 'One page load or process lifetime' CODEC(ZSTD(1)),
    seq UInt32 COMMENT 'Place in the stream from 1; 0 when the client does not number. Proves loss on the route batch only: importing again is a new stream of known events' CODEC(ZSTD(1)),
    batch_id String CODEC(ZSTD(1)),
    previous_stream String COMMENT 'On the first event of a page: the stream of the page before it in that tab' CODEC(ZSTD(1)),
    previous_seq UInt32 COMMENT 'and the last number given out in it' CODEC(ZSTD(1)),
    route LowCardinality(String) COMMENT 'batch (live) or import (history)' CODEC(ZSTD(1)),
    session_id String DEFAULT ifNull(context.session.id.:String, '') COMMENT 'Session that the client counts it to; empty when the client knows none' CODEC(ZSTD(1)),
    session_index UInt32 DEFAULT ifNull(toUInt32(context.session.index.:Int64), 0) COMMENT 'Which session of that visitor, from 1; 0 when the client does not say' CODEC(ZSTD(1)),

    page_url String CODEC(ZSTD(1)),
    page_path String CODEC(ZSTD(1)),
    page_search String CODEC(ZSTD(1)),
    page_referrer String CODEC(ZSTD(1)),
    page_title String CODEC(ZSTD(1)),
    user_agent String CODEC(ZSTD(1)),
    locale LowCardinality(String) CODEC(ZSTD(1)),
    library_name LowCardinality(String) CODEC(ZSTD(1)),
    library_version LowCardinality(String) CODEC(ZSTD(1)),

    -- Keys beyond these many paths share one column: somebody with a public write key cannot make a thousand columns.
    properties JSON(max_dynamic_paths = 512) COMMENT 'A dot inside a key is stored as %2E' CODEC(ZSTD(1)),
    traits JSON(max_dynamic_paths = 128) CODEC(ZSTD(1)),
    context JSON(max_dynamic_paths = 256) COMMENT 'Batch and event context merged, without what has a column of its own' CODEC(ZSTD(1)),
    integrations JSON(max_dynamic_paths = 32) CODEC(ZSTD(1)),

    copy_rank UInt64 DEFAULT 18446744073709551615 - toUnixTimestamp64Milli(received_at) CODEC(Delta(8), ZSTD(1)),

    ip String COMMENT 'Address of the person, after the source''s IP policy; empty when dropped or only a server''s is known' CODEC(ZSTD(1)),
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; T1 is the Tor network' CODEC(ZSTD(1)),
    region LowCardinality(String) COMMENT 'Name of the first-level region' CODEC(ZSTD(1)),
    city LowCardinality(String) CODEC(ZSTD(1)),
    continent LowCardinality(String) COMMENT 'AF, AN, AS, EU, NA, OC or SA' CODEC(ZSTD(1)),
    time_zone LowCardinality(String) DEFAULT ifNull(context.timezone.:String, '') COMMENT 'IANA name, as the client says, else as its address does' CODEC(ZSTD(1)),
    asn UInt32 COMMENT 'Autonomous system that the address belongs to; 0 when unknown' CODEC(ZSTD(1)),
    as_organization LowCardinality(String) COMMENT 'Who runs it' CODEC(ZSTD(1)),

    device_type LowCardinality(String) COMMENT 'desktop, mobile, tablet ..., or the client''s own word' CODEC(ZSTD(1)),
    device_brand LowCardinality(String) COMMENT 'Maker' CODEC(ZSTD(1)),
    device_model LowCardinality(String) CODEC(ZSTD(1)),
    browser_name LowCardinality(String) CODEC(ZSTD(1)),
    browser_version LowCardinality(String) CODEC(ZSTD(1)),
    os_name LowCardinality(String) CODEC(ZSTD(1)),
    os_version LowCardinality(String) CODEC(ZSTD(1)),
    is_bot Bool COMMENT 'By its user agent, or because a program drives the browser' CODEC(ZSTD(1)),
    bot_name LowCardinality(String) COMMENT 'Name in the user agent, or webdriver' CODEC(ZSTD(1)),

    referrer_class LowCardinality(String) COMMENT 'direct, internal, search, social, email, paid or referral; empty when unknown' CODEC(ZSTD(1)),
    referrer_name LowCardinality(String) COMMENT 'For example Google; the host where no name is known' CODEC(ZSTD(1)),
    campaign_source LowCardinality(String) DEFAULT ifNull(context.campaign.source.:String, '') COMMENT 'context.campaign.source, else utm_source' CODEC(ZSTD(1)),
    campaign_medium LowCardinality(String) DEFAULT ifNull(context.campaign.medium.:String, '') COMMENT 'context.campaign.medium, else utm_medium' CODEC(ZSTD(1)),
    campaign_name LowCardinality(String) DEFAULT ifNull(context.campaign.name.:String, '') COMMENT 'context.campaign.name, else utm_campaign' CODEC(ZSTD(1)),
    campaign_term LowCardinality(String) DEFAULT ifNull(context.campaign.term.:String, '') COMMENT 'context.campaign.term, else utm_term' CODEC(ZSTD(1)),
    campaign_content LowCardinality(String) DEFAULT ifNull(context.campaign.content.:String, '') COMMENT 'context.campaign.content, else utm_content' CODEC(ZSTD(1)),
    campaign_id LowCardinality(String) DEFAULT ifNull(context.campaign.id.:String, '') COMMENT 'context.campaign.id, else utm_id' CODEC(ZSTD(1)),
    click_id_type LowCardinality(String) COMMENT 'gclid, fbclid, msclkid ...' CODEC(ZSTD(1)),
    click_id String COMMENT 'Id that the advertiser put on the click' CODEC(ZSTD(1)),

    gpc Bool COMMENT 'Global Privacy Control was on' CODEC(ZSTD(1)),
    is_anonymized Bool COMMENT 'Stored without who and where, for want of consent' CODEC(ZSTD(1)),
    client_anonymous_id String COMMENT 'Anonymous id that the client sent, when the edge put its own in its place' CODEC(ZSTD(1)),
    plan_version LowCardinality(String) COMMENT 'Version of the tracking plan''s entry that it was checked against' CODEC(ZSTD(1)),
    violations Array(Tuple(path String, rule String, found String, message String)) COMMENT 'How it differs from the plan, where the plan only warns',
    lookups JSON(max_dynamic_paths = 128) COMMENT 'Rows of lookup tables joined onto it, by name' CODEC(ZSTD(1)),
    lookup_versions Map(LowCardinality(String), String) COMMENT 'Versions of those tables, by the same name',
    extra JSON(max_dynamic_paths = 32) COMMENT 'Fields of the event that the wire does not know, as they came' CODEC(ZSTD(1)),

    known_user_id String ALIAS if(bitTest(placeholder_ids, 0), '', user_id) COMMENT 'user_id, empty for words such as null or undefined that name nobody',
    known_anonymous_id String ALIAS if(bitTest(placeholder_ids, 1), '', anonymous_id) COMMENT 'anonymous_id, likewise',

    INDEX timestamp_range timestamp TYPE minmax GRANULARITY 1,
    INDEX inserted_range inserted_at TYPE minmax GRANULARITY 1,
    INDEX anonymous_ids anonymous_id TYPE bloom_filter GRANULARITY 1,
    INDEX user_ids user_id TYPE bloom_filter GRANULARITY 1,
    INDEX previous_ids previous_id TYPE bloom_filter GRANULARITY 1,
    INDEX session_ids session_id TYPE bloom_filter GRANULARITY 1
)
ENGINE = ReplacingMergeTree(copy_rank)
PARTITION BY toMonday(original_timestamp)
ORDER BY (source, toStartOfHour(original_timestamp), message_id)
-- Objects of ever new keys share one column, and this way of writing it is the one that merges in time linear in them.
SETTINGS object_shared_data_serialization_version = 'map', object_shared_data_serialization_version_for_zero_level_parts = 'map',
    min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;

-- A copy that arrived later may be the one that was received first, and then an event moves to another minute: this tells
-- from where. One row a copy, for 35 days.
-- shard by: key
CREATE TABLE IF NOT EXISTS arrivals
(
    source LowCardinality(String) CODEC(ZSTD(1)),
    key UInt64 COMMENT 'cityHash64(source, message_id)' CODEC(ZSTD(1)),
    minute DateTime('UTC') COMMENT 'Of the corrected time of this copy' CODEC(Delta(4), ZSTD(1)),
    day Date COMMENT 'On which it was inserted' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toMonday(day)
ORDER BY (key, source, minute)
TTL day + INTERVAL 35 DAY DELETE
SETTINGS ttl_only_drop_parts = 1;

-- Events whose place another one takes: corrected ones as they are to be read, retracted ones as a mark.
-- shard by: cityHash64(source, message_id)
CREATE TABLE IF NOT EXISTS corrected_events AS events_0004
ENGINE = ReplacingMergeTree(copy_rank)
PARTITION BY toMonday(original_timestamp)
ORDER BY (source, message_id);

ALTER TABLE corrected_events
    ADD COLUMN IF NOT EXISTS is_retracted Bool COMMENT 'The event counts nowhere',
    ADD COLUMN IF NOT EXISTS is_restored Bool COMMENT 'The corrections were themselves retracted: the event counts as it came';

-- Corrections: one row an event $correct or $retract.
-- shard by: cityHash64(source, target_id)
CREATE TABLE IF NOT EXISTS corrections
(
    source LowCardinality(String),
    target_id String COMMENT 'message_id of the event that is corrected',
    message_id String COMMENT 'of the correction',
    kind LowCardinality(String) COMMENT 'correct or retract',
    changes String COMMENT 'JSON text of the fields that are replaced',
    reason String,
    timestamp DateTime64(3, 'UTC') COMMENT 'When it was made; later ones win',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3),
    copy_rank UInt64,
    INDEX inserted_range inserted_at TYPE minmax GRANULARITY 1,
    INDEX message_ids message_id TYPE bloom_filter GRANULARITY 1
)
ENGINE = ReplacingMergeTree(copy_rank)
ORDER BY (source, target_id, message_id);

-- Which anonymous ids and users were ever seen together: a set, so duplicates change nothing. What it means is computed
-- from the events.
-- shard by: cityHash64(source, anonymous_id)
CREATE TABLE IF NOT EXISTS identity_pairs
(
    source LowCardinality(String),
    anonymous_id String,
    user_id String
)
ENGINE = ReplacingMergeTree
ORDER BY (source, anonymous_id, user_id);

-- Whose an id is. Of an anonymous id: from when to when it was which user's, with the event that says so. Of a user whose
-- ids were joined by alias: whose person it is now.
-- shard by: cityHash64(source)
CREATE TABLE IF NOT EXISTS identities
(
    source LowCardinality(String),
    anonymous_id String COMMENT 'Empty on the row of a user',
    user_id String COMMENT 'Whose it is, as the event says',
    person_id String COMMENT 'The same after aliases: one id a person',
    valid_from DateTime64(3, 'UTC') COMMENT '1970-01-01: also all of before',
    valid_to DateTime64(3, 'UTC') COMMENT 'Exclusive; 2200-01-01: until further notice',
    evidence_id String COMMENT 'message_id of the event that says so',
    evidence_type LowCardinality(String) COMMENT 'Its type: identify, alias, track ...',
    evidence_at DateTime64(3, 'UTC') COMMENT 'Its time',
    computed_at DateTime64(3, 'UTC') DEFAULT now64(3),
    is_deleted UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(computed_at, is_deleted)
ORDER BY (source, anonymous_id, user_id, valid_from);

-- Aliases: one row an event.
-- shard by: cityHash64(source)
CREATE TABLE IF NOT EXISTS identity_aliases
(
    source LowCardinality(String),
    previous_id String,
    user_id String,
    message_id String,
    timestamp DateTime64(3, 'UTC'),
    copy_rank UInt64
)
ENGINE = ReplacingMergeTree(copy_rank)
ORDER BY (source, previous_id, user_id, message_id);

-- What became of persons, in order: joined by an alias, or parted again when it was retracted. Only ever added to.
-- shard by: cityHash64(source)
CREATE TABLE IF NOT EXISTS identity_merges
(
    source LowCardinality(String),
    user_id String,
    person_before String,
    person_after String,
    evidence_id String COMMENT 'message_id of the alias; empty when it was retracted',
    at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY (source, at, user_id);

-- One row a session.
-- shard by: cityHash64(source, session_id)
CREATE TABLE IF NOT EXISTS sessions
(
    source LowCardinality(String) CODEC(ZSTD(1)),
    session_id String COMMENT 'The client''s own, else made of visitor and beginning' CODEC(ZSTD(1)),
    visitor_id String COMMENT 'anonymous_id, else user_id' CODEC(ZSTD(1)),
    person_id String COMMENT 'Whose it is, as far as is known' CODEC(ZSTD(1)),
    user_id String COMMENT 'Last one in the session' CODEC(ZSTD(1)),
    is_client_session Bool COMMENT 'The client counted it; else it ends by 30 minutes without an event, or a new campaign' CODEC(ZSTD(1)),
    session_index UInt32 COMMENT 'As the client counts them' CODEC(ZSTD(1)),
    started_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    ended_at DateTime64(3, 'UTC') COMMENT 'Time of the last event' CODEC(Delta(8), ZSTD(1)),
    duration_seconds Float64 COMMENT 'From the first event to the last' CODEC(ZSTD(1)),
    engaged_seconds Float64 COMMENT 'Time that the page was seen, as the plugin engagement says; 0 without it' CODEC(ZSTD(1)),
    events UInt32 CODEC(ZSTD(1)),
    page_views UInt32 COMMENT 'Events page and screen' CODEC(ZSTD(1)),
    is_bounce Bool COMMENT 'One page view at most, and nothing tracked but Page Engaged and Web Vital' CODEC(ZSTD(1)),
    entry_page String COMMENT 'Path of the first page view, name of the first screen' CODEC(ZSTD(1)),
    exit_page String COMMENT 'and of the last' CODEC(ZSTD(1)),
    entry_url String CODEC(ZSTD(1)),
    referrer_class LowCardinality(String) COMMENT 'This and what follows: of the first event that says so' CODEC(ZSTD(1)),
    referrer_name LowCardinality(String) CODEC(ZSTD(1)),
    campaign_source LowCardinality(String) COMMENT 'All campaign fields are of the first event that has any' CODEC(ZSTD(1)),
    campaign_medium LowCardinality(String) CODEC(ZSTD(1)),
    campaign_name LowCardinality(String) CODEC(ZSTD(1)),
    campaign_term LowCardinality(String) CODEC(ZSTD(1)),
    campaign_content LowCardinality(String) CODEC(ZSTD(1)),
    campaign_id LowCardinality(String) CODEC(ZSTD(1)),
    click_id_type LowCardinality(String) CODEC(ZSTD(1)),
    country LowCardinality(String) CODEC(ZSTD(1)),
    region LowCardinality(String) CODEC(ZSTD(1)),
    city LowCardinality(String) CODEC(ZSTD(1)),
    device_type LowCardinality(String) CODEC(ZSTD(1)),
    browser_name LowCardinality(String) CODEC(ZSTD(1)),
    os_name LowCardinality(String) CODEC(ZSTD(1)),
    is_bot Bool CODEC(ZSTD(1)),
    chain_from DateTime64(3, 'UTC') COMMENT 'Of a session without the client''s id: first event of the chain without a gap that it is part of' CODEC(Delta(8), ZSTD(1)),
    chain_to DateTime64(3, 'UTC') COMMENT 'and the last' CODEC(Delta(8), ZSTD(1)),
    computed_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
    is_deleted UInt8 DEFAULT 0 CODEC(ZSTD(1)),
    INDEX visitor_ids visitor_id TYPE bloom_filter GRANULARITY 1,
    INDEX session_ids session_id TYPE bloom_filter GRANULARITY 1
)
ENGINE = ReplacingMergeTree(computed_at, is_deleted)
PARTITION BY toYYYYMM(started_at)
ORDER BY (source, toDate(started_at), session_id);

-- Counts of a minute and of an hour, computed anew whenever one of their events came, went or moved. The row with the
-- empty measure counts events, people and sessions; each measure of the configuration has a row of its own, with 0 events.
-- shard by: cityHash64(source, event)
CREATE TABLE IF NOT EXISTS rollup_minute
(
    source LowCardinality(String) CODEC(ZSTD(1)),
    minute DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    event LowCardinality(String) CODEC(ZSTD(1)),
    measure LowCardinality(String) COMMENT 'Empty, or the name of a measure' CODEC(ZSTD(1)),
    events UInt64 COMMENT 'Events; 0 on the row of a measure' CODEC(ZSTD(1)),
    people AggregateFunction(uniqExact, UInt64) COMMENT 'Hashes of person_id: read with uniqExactMerge(people)' CODEC(ZSTD(1)),
    sessions AggregateFunction(uniqExact, UInt64) COMMENT 'Hashes of sessions: read with uniqExactMerge(sessions)' CODEC(ZSTD(1)),
    value_count UInt64 COMMENT 'Events that have the measure as a number' CODEC(ZSTD(1)),
    value_sum Decimal(38, 6) COMMENT 'Sum, of values rounded to a millionth: the same whatever the order' CODEC(ZSTD(1)),
    value_min Float64 CODEC(ZSTD(1)),
    value_max Float64 CODEC(ZSTD(1)),
    value_quantiles AggregateFunction(quantilesDD(0.01, 0.5, 0.75, 0.9, 0.95, 0.99), Float64) COMMENT 'Within 1 %: read with quantilesDDMerge(0.01, 0.5, 0.75, 0.9, 0.95, 0.99)(value_quantiles)' CODEC(ZSTD(1)),
    computed_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
    is_deleted UInt8 DEFAULT 0 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(computed_at, is_deleted)
PARTITION BY toYYYYMM(minute)
ORDER BY (source, minute, event, measure);

-- shard by: cityHash64(source, event)
CREATE TABLE IF NOT EXISTS rollup_hour
(
    source LowCardinality(String) CODEC(ZSTD(1)),
    hour DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    event LowCardinality(String) CODEC(ZSTD(1)),
    measure LowCardinality(String) COMMENT 'Empty, or the name of a measure' CODEC(ZSTD(1)),
    events UInt64 COMMENT 'Events; 0 on the row of a measure' CODEC(ZSTD(1)),
    people AggregateFunction(uniqExact, UInt64) COMMENT 'Hashes of person_id: read with uniqExactMerge(people)' CODEC(ZSTD(1)),
    sessions AggregateFunction(uniqExact, UInt64) COMMENT 'Hashes of sessions: read with uniqExactMerge(sessions)' CODEC(ZSTD(1)),
    value_count UInt64 COMMENT 'Events that have the measure as a number' CODEC(ZSTD(1)),
    value_sum Decimal(38, 6) COMMENT 'Sum, of values rounded to a millionth: the same whatever the order' CODEC(ZSTD(1)),
    value_min Float64 CODEC(ZSTD(1)),
    value_max Float64 CODEC(ZSTD(1)),
    value_quantiles AggregateFunction(quantilesDD(0.01, 0.5, 0.75, 0.9, 0.95, 0.99), Float64) COMMENT 'Within 1 %: read with quantilesDDMerge(0.01, 0.5, 0.75, 0.9, 0.95, 0.99)(value_quantiles)' CODEC(ZSTD(1)),
    computed_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
    is_deleted UInt8 DEFAULT 0 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(computed_at, is_deleted)
PARTITION BY toYYYYMM(hour)
ORDER BY (source, hour, event, measure);

-- What one run of the recomputation touches; each run has its own rows.
-- shard by: cityHash64(source)
CREATE TABLE IF NOT EXISTS recompute_work
(
    run String,
    kind LowCardinality(String) COMMENT 'What it is about: see consumers/src/recompute/work.ts',
    source LowCardinality(String),
    id String COMMENT 'Visitor, session, anonymous id or user; empty for a minute',
    from_time DateTime64(3, 'UTC'),
    to_time DateTime64(3, 'UTC') COMMENT 'Inclusive',
    detail String,
    at DateTime64(3, 'UTC') DEFAULT now64(3),
    day Date DEFAULT today()
)
ENGINE = MergeTree
PARTITION BY day
ORDER BY (run, kind, source, id)
TTL day + INTERVAL 2 DAY DELETE
SETTINGS ttl_only_drop_parts = 1;

-- How far the recomputation is. The lag is what was inserted after `up_to`: see the view freshness.
-- shard by: cityHash64(job)
CREATE TABLE IF NOT EXISTS recompute_state
(
    job LowCardinality(String),
    up_to DateTime64(3, 'UTC') COMMENT 'All that was inserted before is counted',
    finished_at DateTime64(3, 'UTC') DEFAULT now64(3),
    minutes UInt64 COMMENT 'Windows that the run computed',
    sessions UInt64,
    identities UInt64,
    duration_ms UInt64
)
ENGINE = ReplacingMergeTree(finished_at)
ORDER BY (job);

-- Persons who asked to be forgotten: what of theirs comes later is deleted again. No id is kept, only its hash.
-- shard by: cityHash64(source)
CREATE TABLE IF NOT EXISTS forgotten
(
    source LowCardinality(String),
    id_hash String COMMENT 'SHA-256 in hex of kind, a line feed and the id',
    kind LowCardinality(String) COMMENT 'user, anonymous or message',
    request_id String COMMENT 'Of the request to forget, as in erasures',
    at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(at)
ORDER BY (source, id_hash);

-- What was done for those requests.
-- shard by: cityHash64(source)
CREATE TABLE IF NOT EXISTS erasures
(
    source LowCardinality(String),
    request_id String,
    step LowCardinality(String) COMMENT 'requested, deleted, lake, or rewritten when that is done',
    detail String COMMENT 'JSON text: counts, or the object still to be rewritten',
    at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(at)
ORDER BY (source, request_id, step, detail);

-- Rows of before. Twice, because Workers go on writing meanwhile: what came to the old table during the first copy is in
-- the second. The old table stays, under another name, until migration 0005.
-- unless: SELECT 1 FROM system.tables WHERE database = currentDatabase() AND name = 'events' AND NOT match(sorting_key, '\\bevent\\b')
INSERT INTO events_0004 (* EXCEPT (inserted_at, session_id, session_index), inserted_at) SELECT *, received_at FROM events;
-- unless: SELECT 1 FROM system.tables WHERE database = currentDatabase() AND name = 'events' AND NOT match(sorting_key, '\\bevent\\b')
EXCHANGE TABLES events AND events_0004;

CREATE MATERIALIZED VIEW IF NOT EXISTS arrivals_of_events TO arrivals AS
SELECT source, cityHash64(source, message_id) AS key, toStartOfMinute(timestamp) AS minute, toDate(inserted_at) AS day
FROM events;

-- A corrected event may lie in another minute.
CREATE MATERIALIZED VIEW IF NOT EXISTS arrivals_of_corrected_events TO arrivals AS
SELECT source, cityHash64(source, message_id) AS key, toStartOfMinute(timestamp) AS minute, toDate(inserted_at) AS day
FROM corrected_events;

CREATE MATERIALIZED VIEW IF NOT EXISTS identity_pairs_of_events TO identity_pairs AS
SELECT DISTINCT source, pair.1 AS anonymous_id, user_id
FROM (SELECT source, user_id, placeholder_ids, type, anonymous_id AS current_id, previous_id FROM events)
ARRAY JOIN [(current_id, bitTest(placeholder_ids, 1)), (previous_id, type != 'alias' OR bitTest(placeholder_ids, 2))] AS pair
WHERE NOT bitTest(placeholder_ids, 0) AND NOT pair.2;

CREATE MATERIALIZED VIEW IF NOT EXISTS identity_aliases_of_events TO identity_aliases AS
SELECT source, previous_id, user_id, message_id, timestamp, copy_rank
FROM events
WHERE type = 'alias' AND previous_id != user_id AND NOT bitTest(placeholder_ids, 0) AND NOT bitTest(placeholder_ids, 2);

CREATE MATERIALIZED VIEW IF NOT EXISTS corrections_of_events TO corrections AS
SELECT
    source,
    ifNull(properties.messageId.:String, '') AS target_id,
    message_id,
    substring(event, 2) AS kind,
    toJSONString(properties.^changes) AS changes,
    ifNull(properties.reason.:String, '') AS reason,
    timestamp,
    inserted_at,
    copy_rank
FROM events
WHERE event IN ('$correct', '$retract') AND type = 'track';

INSERT INTO events (* EXCEPT (inserted_at, session_id, session_index), inserted_at) SELECT *, received_at FROM events_0004;

-- What came to `events` between the exchange and the views has gone through none of them.
INSERT INTO arrivals
SELECT source, cityHash64(source, message_id) AS key, toStartOfMinute(timestamp) AS minute, toDate(inserted_at) AS day
FROM events;

INSERT INTO arrivals
SELECT source, cityHash64(source, message_id) AS key, toStartOfMinute(timestamp) AS minute, toDate(inserted_at) AS day
FROM corrected_events;

INSERT INTO identity_pairs
SELECT DISTINCT source, pair.1 AS anonymous_id, user_id
FROM (SELECT source, user_id, placeholder_ids, type, anonymous_id AS current_id, previous_id FROM events)
ARRAY JOIN [(current_id, bitTest(placeholder_ids, 1)), (previous_id, type != 'alias' OR bitTest(placeholder_ids, 2))] AS pair
WHERE NOT bitTest(placeholder_ids, 0) AND NOT pair.2;

INSERT INTO identity_aliases
SELECT source, previous_id, user_id, message_id, timestamp, copy_rank
FROM events
WHERE type = 'alias' AND previous_id != user_id AND NOT bitTest(placeholder_ids, 0) AND NOT bitTest(placeholder_ids, 2);

INSERT INTO corrections
SELECT
    source,
    ifNull(properties.messageId.:String, '') AS target_id,
    message_id,
    substring(event, 2) AS kind,
    toJSONString(properties.^changes) AS changes,
    ifNull(properties.reason.:String, '') AS reason,
    timestamp,
    inserted_at,
    copy_rank
FROM events
WHERE event IN ('$correct', '$retract') AND type = 'track';

CREATE DICTIONARY IF NOT EXISTS person_of_anonymous
(
    source String,
    anonymous_id String,
    valid_from Int64,
    valid_to Int64,
    person_id String
)
PRIMARY KEY source, anonymous_id
SOURCE(CLICKHOUSE(USER {user} PASSWORD {password} DB '{database}' QUERY $$SELECT source, anonymous_id, toUnixTimestamp64Milli(valid_from) AS valid_from, toUnixTimestamp64Milli(valid_to) - 1 AS valid_to, person_id FROM {database}.identities FINAL WHERE anonymous_id != ''$$))
LAYOUT(COMPLEX_KEY_RANGE_HASHED())
RANGE(MIN valid_from MAX valid_to)
LIFETIME(MIN 20 MAX 40);

CREATE DICTIONARY IF NOT EXISTS person_of_user
(
    source String,
    user_id String,
    person_id String
)
PRIMARY KEY source, user_id
SOURCE(CLICKHOUSE(USER {user} PASSWORD {password} DB '{database}' QUERY $$SELECT source, user_id, person_id FROM {database}.identities FINAL WHERE anonymous_id = ''$$))
LAYOUT(COMPLEX_KEY_HASHED())
LIFETIME(MIN 20 MAX 40);

-- What to read: each event once, as corrected, with whose it is by all that is known today.
CREATE OR REPLACE VIEW events_resolved AS
SELECT
    *,
    if(bitTest(placeholder_ids, 1), if(bitTest(placeholder_ids, 0), '', user_id), anonymous_id) AS visitor_id,
    multiIf(
        NOT bitTest(placeholder_ids, 0), dictGetOrDefault('{database}.person_of_user', 'person_id', (source, user_id), user_id),
        NOT bitTest(placeholder_ids, 1), dictGetOrDefault('{database}.person_of_anonymous', 'person_id', (source, anonymous_id), toUnixTimestamp64Milli(timestamp), anonymous_id),
        '') AS person_id
FROM
(
    SELECT *, placeholder_ids
    FROM events FINAL
    WHERE event NOT IN ('$correct', '$retract')
      AND (source, message_id) NOT IN (SELECT source, message_id FROM corrected_events FINAL WHERE NOT is_restored)
    UNION ALL
    SELECT * EXCEPT (is_retracted, is_restored), placeholder_ids
    FROM corrected_events FINAL
    WHERE NOT is_retracted AND NOT is_restored
);

-- How current the computed tables are.
CREATE OR REPLACE VIEW freshness AS
SELECT
    job,
    up_to,
    finished_at,
    dateDiff('millisecond', up_to, now64(3)) AS lag_ms,
    minutes,
    sessions,
    identities,
    duration_ms
FROM recompute_state FINAL;
