/** Bodies as each server SDK sends them, read as the recorder reads them. */

import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { decodeRequest } from '../sdk-web/decode-body.ts'
import { findEvents } from '../sdk-web/find-events.ts'
import { buildProperties } from './subject.ts'

const MARK = buildProperties({ endpoint: '', run: 'r' }, 7)

const SENT = '2026-11-22T12:00:00.000Z'

const BASE64 = (value: unknown, kind: 'base64' | 'base64url' = 'base64') =>
  Buffer.from(JSON.stringify(value)).toString(kind)

const SNOWPLOW_EVENT = {
  schema: 'iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0',
  data: { schema: 'iglu:com.example/order_completed/jsonschema/1-0-0', data: MARK },
}

interface Body {
  sdk: string
  path: string
  body: unknown
  isGzip?: boolean
  key: string | undefined
}

const BODIES: Body[] = [
  {
    sdk: 'millrace',
    path: '/v1/batch',
    body: {
      stream: 's',
      firstSeq: 5,
      batchId: 'b',
      sentAt: SENT,
      batch: [{ type: 'track', userId: 'r', properties: MARK }],
    },
    isGzip: true,
    key: 's-5',
  },
  {
    sdk: 'segment',
    path: '/v1/batch',
    body: { batch: [{ type: 'track', messageId: 'm', properties: MARK }], writeKey: 'dev', sentAt: SENT },
    key: 'm',
  },
  {
    sdk: 'rudderstack',
    path: '/v1/batch',
    body: { batch: [{ type: 'track', messageId: 'm', properties: MARK }], timestamp: SENT, sentAt: SENT },
    isGzip: true,
    key: 'm',
  },
  {
    sdk: 'posthog',
    path: '/batch/',
    body: { api_key: 'dev', batch: [{ event: 'e', uuid: 'm', distinct_id: 'r', properties: MARK }] },
    isGzip: true,
    key: 'm',
  },
  {
    sdk: 'snowplow',
    path: '/com.snowplowanalytics.snowplow/tp2',
    body: {
      schema: 'iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4',
      data: [{ e: 'ue', eid: 'm', ue_px: BASE64(SNOWPLOW_EVENT, 'base64url') }],
    },
    key: 'm',
  },
  {
    sdk: 'amplitude',
    path: '/2/httpapi',
    body: { api_key: 'dev', events: [{ event_type: 'e', insert_id: 'm', event_properties: MARK }] },
    key: 'm',
  },
  {
    sdk: 'mixpanel',
    path: `/track?ip=0&verbose=0&data=${encodeURIComponent(BASE64({ event: 'e', properties: MARK }))}`,
    body: undefined,
    key: undefined,
  },
  {
    sdk: 'jitsu',
    path: '/api/s/s2s/track',
    body: { type: 'track', event: 'e', messageId: 'm', properties: MARK },
    key: 'm',
  },
  {
    sdk: 'openpanel',
    path: '/track',
    body: { type: 'track', payload: { name: 'e', profileId: 'r', properties: MARK } },
    key: undefined,
  },
]

describe('recorder', () => {
  it.each(BODIES)('reads the event of $sdk', ({ path, body, isGzip, key }) => {
    const text = Buffer.from(body === undefined ? '' : JSON.stringify(body))
    const found = findEvents(
      decodeRequest({
        path,
        encoding: isGzip ? 'gzip' : undefined,
        body: isGzip ? gzipSync(text) : text,
      }),
    )
    expect(found).toEqual([{ run: 'r', i: 7, key }])
  })
})

describe('buildProperties', () => {
  it('pads each event with its own text of that length', () => {
    const [one, other] = [1, 2].map((i) => buildProperties({ endpoint: '', run: 'r', padding: 2_000 }, i))
    expect(one?.['padding']).toHaveLength(2_000)
    expect(one?.['padding']).not.toBe(other?.['padding'])
  })
})
