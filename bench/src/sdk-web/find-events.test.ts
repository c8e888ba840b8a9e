import { expect, test } from 'vitest'
import { findEvents } from './find-events.ts'

const mark = (i: number) => ({ i, run: 'r', price: 24.9 })
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

test.each([
  ['Segment and RudderStack', { type: 'track', messageId: 'k', properties: mark(7) }],
  ['PostHog', [{ event: 'A', uuid: 'k', properties: { ...mark(7), $insert_id: 'other' } }]],
  [
    'Snowplow',
    { schema: 'iglu:…', data: [{ e: 'ue', eid: 'k', ue_px: base64({ data: { data: mark(7) } }) }] },
  ],
  ['Snowplow without base64', { data: [{ eid: 'k', ue_pr: JSON.stringify({ data: { data: mark(7) } }) }] }],
  ['Amplitude', { api_key: 'dev', events: [{ insert_id: 'k', event_properties: mark(7) }] }],
  ['Mixpanel', [{ event: 'A', properties: { ...mark(7), $insert_id: 'k' } }]],
  ['a form', { data: base64([{ event: 'A', properties: { ...mark(7), $insert_id: 'k' } }]) }],
])('the event and its key are found as %s sends them', (_sdk, root) => {
  expect(findEvents([root])).toEqual([{ run: 'r', i: 7, key: 'k' }])
})

test('a batch of ours numbers its events by their place, whatever else stands between', () => {
  const batch = [{ properties: mark(0) }, { type: 'page' }, { properties: mark(1) }]
  expect(findEvents([{ stream: 's', firstSeq: 5, batch }])).toEqual([
    { run: 'r', i: 0, key: 's-5' },
    { run: 'r', i: 1, key: 's-7' },
  ])
})

test('an event without a key is found too, and a number may be text', () => {
  expect(findEvents([{ n: 'A', p: { run: 'r', i: '12' } }])).toEqual([{ run: 'r', i: 12, key: undefined }])
})

test.each([
  ['no number', { run: 'r', i: '' }],
  ['no run', { i: 1 }],
  ['neither', ['text', null, 4]],
])('what has %s is no event', (_what, root) => {
  expect(findEvents([root])).toEqual([])
})
