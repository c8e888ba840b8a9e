/** Millions of events of a shop over the last thirty days, made by ClickHouse itself: a Worker would take an hour. */

import type { MeasuredWarehouse } from './warehouse.ts'

/** The development source: its read token asks the query API. */
export const SOURCE = 'dev'

/** Days that the events are spread over, up to now. */
export const DAYS = 30

const VISITORS = 200_000

/** Events of a session, eight of a page each, twenty seconds apart. */
const SESSION_EVENTS = 24

/** Events of one statement. */
const CHUNK = 500_000

/** Of the events, those that arrive twice. */
const DUPLICATES = 0.1

/**
 * Fills `events`; one in ten comes twice, 5 s apart.
 *
 * @param events how many different ones
 * @param endMs time of the last, milliseconds since 1970
 */
export async function generateEvents(
  { run }: MeasuredWarehouse,
  events: number,
  endMs: number,
  report: (line: string) => void,
): Promise<void> {
  for (let from = 0; from < events; from += CHUNK) {
    report(`generating: ${from.toLocaleString('en')} of ${events.toLocaleString('en')}`)
    await run(generateSql(from, Math.min(CHUNK, events - from), events, endMs))
  }
  report('generating: duplicates')
  const copied = '* EXCEPT (inserted_at, copy_rank) REPLACE (received_at + INTERVAL 5 SECOND AS received_at)'
  await run(
    `INSERT INTO events (* EXCEPT (inserted_at, copy_rank)) SELECT ${copied} FROM events
WHERE cityHash64(message_id) % 1000 < ${DUPLICATES * 1_000} SETTINGS ${GENEROUS}`,
  )
}

const GENEROUS = 'max_insert_block_size = 200000, max_partitions_per_insert_block = 0'

function generateSql(from: number, count: number, total: number, endMs: number): string {
  const spanMs = DAYS * 86_400_000
  return `
INSERT INTO events (source, message_id, type, event, timestamp, original_timestamp, sent_at, received_at, user_id, anonymous_id,
  stream, seq, batch_id, route, session_id, session_index, page_url, page_path, page_search, page_referrer, page_title,
  user_agent, locale, library_name, library_version, properties, context, country, region, city, continent, time_zone, asn,
  as_organization, device_type, device_brand, browser_name, browser_version, os_name, os_version, referrer_class,
  referrer_name, campaign_source, campaign_medium)
WITH
  intDiv(number, 8) AS view,
  intDiv(number, ${SESSION_EVENTS}) AS session,
  number % ${SESSION_EVENTS} AS place,
  number % 8 AS k,
  cityHash64(session) AS h,
  cityHash64(number, 7) AS r,
  h % ${VISITORS} AS visitor,
  substring(base64Encode(reinterpretAsString(cityHash64(view, 1)) || reinterpretAsString(cityHash64(view, 2))), 1, 16) AS id,
  fromUnixTimestamp64Milli(toInt64(${endMs - spanMs} + session * ${(spanMs * SESSION_EVENTS) / total} + place * 20000 + r % 15000), 'UTC') AS t,
  multiIf(k = 0, 'page', k IN (1, 2), 'Product Viewed', k = 3, 'Product Added', k = 4, 'Page Engaged', k = 5, 'Element Clicked',
    place = 22 AND h % 4 = 0, 'Order Completed', 'Product List Viewed') AS name,
  '/product/' || toString(cityHash64(view) % 500) AS path,
  h % 10 = 0 AS isCampaign
SELECT
  '${SOURCE}', id || '-' || toString(k + 1), if(k = 0, 'page', 'track'), name, t, t - INTERVAL h % 300 MILLISECOND,
  t + INTERVAL 1 SECOND, t + INTERVAL 1050 + r % 200 MILLISECOND,
  if(visitor % 5 = 0, 'user-' || toString(visitor), ''), lower(hex(cityHash64(visitor, 3)) || hex(cityHash64(visitor, 4))),
  id, k + 1, id || '-1', 'batch', lower(hex(h)), 1 + h % 9,
  'https://shop.example' || path, path, if(isCampaign AND place = 0, '?utm_source=google&utm_medium=cpc', ''),
  if(h % 3 = 0, 'https://www.google.com/', ''), 'Product ' || path,
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/' || toString(130 + visitor % 12) || '.0.0.0 Safari/537.36',
  ['en-US', 'de-DE', 'fr-FR'][1 + visitor % 3], '@millrace/web', '0.1.0',
  if(k = 0, '{}', '{"product_id":"SKU-' || toString(r % 500) || '","price":' || toString((r % 10000) / 100)
    || ',"quantity":' || toString(1 + r % 3) || ',"category":"' || ['shoes', 'hats', 'coats'][1 + r % 3] || '"'
    || if(name = 'Order Completed', ',"revenue":' || toString((r % 20000) / 100), '') || '}'),
  '{"screen":{"width":1512,"height":982,"density":2}}',
  ['US', 'DE', 'FR', 'GB', 'IN', 'BR'][1 + visitor % 6], ['Berlin', 'Bavaria', 'Texas', 'Ohio'][1 + visitor % 4],
  'City ' || toString(visitor % 300), 'EU', ['Europe/Berlin', 'America/New_York'][1 + visitor % 2], visitor % 1000,
  'AS ' || toString(visitor % 1000), ['desktop', 'mobile', 'tablet'][1 + visitor % 3], ['', 'Apple', 'Samsung'][1 + visitor % 3],
  ['Chrome', 'Safari', 'Firefox'][1 + visitor % 3], toString(130 + visitor % 12), ['Windows', 'iOS', 'macOS'][1 + visitor % 3],
  toString(10 + visitor % 8), if(h % 3 = 0, 'search', 'direct'), if(h % 3 = 0, 'Google', ''),
  if(isCampaign, 'google', ''), if(isCampaign, 'cpc', '')
FROM numbers(${from}, ${count})
SETTINGS ${GENEROUS}`
}
