-- What the edge finds out about an event, what was wrong with a refused one, and which were left out on purpose. Every
-- statement is repeatable: see schemas/src/migrations.ts.
--
-- Rows of before, and those of a Worker that does not know these columns yet, get the defaults. Where such a row does hold
-- the answer, in its context or raw text, the default reads it there: one column answers for old and new rows alike.

ALTER TABLE events
    ADD COLUMN IF NOT EXISTS ip String COMMENT 'Address of the person, after the source''s IP policy; empty when dropped or only a server''s is known',
    ADD COLUMN IF NOT EXISTS country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; T1 is the Tor network',
    ADD COLUMN IF NOT EXISTS region LowCardinality(String) COMMENT 'Name of the first-level region',
    ADD COLUMN IF NOT EXISTS city LowCardinality(String),
    ADD COLUMN IF NOT EXISTS continent LowCardinality(String) COMMENT 'AF, AN, AS, EU, NA, OC or SA',
    ADD COLUMN IF NOT EXISTS time_zone LowCardinality(String) DEFAULT ifNull(context.timezone.:String, '') COMMENT 'IANA name, as the client says, else as its address does',
    ADD COLUMN IF NOT EXISTS asn UInt32 COMMENT 'Autonomous system that the address belongs to; 0 when unknown',
    ADD COLUMN IF NOT EXISTS as_organization LowCardinality(String) COMMENT 'Who runs it',

    ADD COLUMN IF NOT EXISTS device_type LowCardinality(String) COMMENT 'desktop, mobile, tablet ..., or the client''s own word',
    ADD COLUMN IF NOT EXISTS device_brand LowCardinality(String) COMMENT 'Maker',
    ADD COLUMN IF NOT EXISTS device_model LowCardinality(String),
    ADD COLUMN IF NOT EXISTS browser_name LowCardinality(String),
    ADD COLUMN IF NOT EXISTS browser_version LowCardinality(String),
    ADD COLUMN IF NOT EXISTS os_name LowCardinality(String),
    ADD COLUMN IF NOT EXISTS os_version LowCardinality(String),
    ADD COLUMN IF NOT EXISTS is_bot Bool COMMENT 'By its user agent, or because a program drives the browser',
    ADD COLUMN IF NOT EXISTS bot_name LowCardinality(String) COMMENT 'Name in the user agent, or webdriver',

    ADD COLUMN IF NOT EXISTS referrer_class LowCardinality(String) COMMENT 'direct, internal, search, social, email, paid or referral; empty when unknown',
    ADD COLUMN IF NOT EXISTS referrer_name LowCardinality(String) COMMENT 'For example Google; the host where no name is known',
    ADD COLUMN IF NOT EXISTS campaign_source LowCardinality(String) DEFAULT ifNull(context.campaign.source.:String, '') COMMENT 'context.campaign.source, else utm_source',
    ADD COLUMN IF NOT EXISTS campaign_medium LowCardinality(String) DEFAULT ifNull(context.campaign.medium.:String, '') COMMENT 'context.campaign.medium, else utm_medium',
    ADD COLUMN IF NOT EXISTS campaign_name LowCardinality(String) DEFAULT ifNull(context.campaign.name.:String, '') COMMENT 'context.campaign.name, else utm_campaign',
    ADD COLUMN IF NOT EXISTS campaign_term LowCardinality(String) DEFAULT ifNull(context.campaign.term.:String, '') COMMENT 'context.campaign.term, else utm_term',
    ADD COLUMN IF NOT EXISTS campaign_content LowCardinality(String) DEFAULT ifNull(context.campaign.content.:String, '') COMMENT 'context.campaign.content, else utm_content',
    ADD COLUMN IF NOT EXISTS campaign_id LowCardinality(String) DEFAULT ifNull(context.campaign.id.:String, '') COMMENT 'context.campaign.id, else utm_id',
    ADD COLUMN IF NOT EXISTS click_id_type LowCardinality(String) COMMENT 'gclid, fbclid, msclkid ...',
    ADD COLUMN IF NOT EXISTS click_id String COMMENT 'Id that the advertiser put on the click',

    ADD COLUMN IF NOT EXISTS gpc Bool COMMENT 'Global Privacy Control was on',
    ADD COLUMN IF NOT EXISTS is_anonymized Bool COMMENT 'Stored without who and where, for want of consent',
    ADD COLUMN IF NOT EXISTS client_anonymous_id String COMMENT 'Anonymous id that the client sent, when the edge put its own in its place',
    ADD COLUMN IF NOT EXISTS plan_version LowCardinality(String) COMMENT 'Version of the tracking plan''s entry that it was checked against',
    ADD COLUMN IF NOT EXISTS violations Array(Tuple(path String, rule String, found String, message String)) COMMENT 'How it differs from the plan, where the plan only warns',
    ADD COLUMN IF NOT EXISTS lookups JSON(max_dynamic_paths = 128) COMMENT 'Rows of lookup tables joined onto it, by name',
    ADD COLUMN IF NOT EXISTS lookup_versions Map(LowCardinality(String), String) COMMENT 'Versions of those tables, by the same name',
    ADD COLUMN IF NOT EXISTS extra JSON(max_dynamic_paths = 32) COMMENT 'Fields of the event that the wire does not know, as they came';

ALTER TABLE quarantine
    ADD COLUMN IF NOT EXISTS type LowCardinality(String) DEFAULT if(JSONExtractString(raw, 'type') IN ('track', 'page', 'screen', 'identify', 'group', 'alias'), JSONExtractString(raw, 'type'), '') COMMENT 'track, page, screen, identify, group or alias; empty when it has none of them',
    ADD COLUMN IF NOT EXISTS event LowCardinality(String) DEFAULT if(JSONExtractString(raw, 'event') != '', JSONExtractString(raw, 'event'), type) COMMENT 'Name of a track event; for the other types the type itself',
    ADD COLUMN IF NOT EXISTS plan_version LowCardinality(String) COMMENT 'Version of the tracking plan''s entry that it breaks',
    ADD COLUMN IF NOT EXISTS violations Array(Tuple(path String, rule String, found String, message String)) COMMENT 'All that is wrong with it; path, reason and message are the first of them',
    ADD COLUMN IF NOT EXISTS context String COMMENT 'JSON text of the batch''s shared context',
    ADD COLUMN IF NOT EXISTS integrations String COMMENT 'JSON text of the batch''s shared integrations',
    ADD COLUMN IF NOT EXISTS sent_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Client''s clock when this copy was sent',
    ADD COLUMN IF NOT EXISTS request String COMMENT 'JSON text of what the edge knew of the sender: place, device, bot';

-- One row an event that was left out on purpose, without anything of its content, so that the books close. The key holds
-- the whole place of the event, which is the same in every copy of a batch: two events of one message id in one batch are
-- two omissions, a batch that arrives twice is not.
CREATE TABLE IF NOT EXISTS omitted
(
    source LowCardinality(String) COMMENT 'Source from millrace.config.ts',
    message_id String COMMENT 'The event''s own id, or the one it would have had',
    status LowCardinality(String) COMMENT 'filtered or duplicate',
    reason LowCardinality(String) COMMENT 'One of the closed list in schemas/src/reasons.ts',
    received_at DateTime64(3, 'UTC') COMMENT 'Collector''s clock when this copy arrived',
    stream String COMMENT 'One page load or process lifetime',
    seq UInt32 COMMENT 'Place in the stream from 1; 0 when the client does not number',
    batch_id String,
    batch_index UInt32 COMMENT 'Position in the batch, from 0',
    previous_stream String COMMENT 'As in events, when the first batch of a page has neither an accepted nor a refused event',
    previous_seq UInt32,
    route LowCardinality(String) COMMENT 'batch (live) or import (history)',
    copy_rank UInt64 DEFAULT 18446744073709551615 - toUnixTimestamp64Milli(received_at)
)
ENGINE = ReplacingMergeTree(copy_rank)
ORDER BY (source, stream, seq, message_id, batch_id, batch_index);
