import { expect, test } from 'vitest'
import { type RecordedRequest, tallyRun } from './tally.ts'

type Delivered = [i: number, key: string | undefined]

const request = (at: number, events: Delivered[], status = 200): RecordedRequest => ({
  at,
  method: 'POST',
  path: '/',
  kind: 'collect',
  status,
  bodyBytes: 100,
  headerBytes: 10,
  contentEncoding: undefined,
  events: events.map(([i, key]) => ({ run: 'r', i, key })),
})

test.each<[string, Delivered[][], object]>([
  [
    'once',
    [
      [
        [0, 'a'],
        [1, 'b'],
      ],
    ],
    { unique: 2, deliveries: 2, netDuplicates: 0 },
  ],
  ['twice under one key', [[[0, 'a']], [[0, 'a']]], { unique: 1, deliveries: 2, netDuplicates: 0 }],
  ['twice under two keys', [[[0, 'a']], [[0, 'b']]], { unique: 1, deliveries: 2, netDuplicates: 1 }],
  [
    'three times under two keys',
    [
      [[0, 'a']],
      [
        [0, 'b'],
        [0, 'a'],
      ],
    ],
    { unique: 1, deliveries: 3, netDuplicates: 1 },
  ],
  [
    'twice without a key',
    [[[0, undefined]], [[0, undefined]]],
    { unique: 1, deliveries: 2, netDuplicates: 1 },
  ],
])('events that came %s', (_how, bodies, expected) => {
  expect(
    tallyRun(
      bodies.map((events, at) => request(at, events)),
      'r',
    ),
  ).toMatchObject(expected)
})

test('a request that was refused counts as a request and delivers nothing', () => {
  const requests = [request(1, [[0, 'a']], 503), request(2, [[1, 'b']], 0), request(3, [[0, 'a']])]
  expect(tallyRun(requests, 'r')).toMatchObject({
    unique: 1,
    deliveries: 1,
    requests: 3,
    bodyBytes: 300,
    headerBytes: 30,
  })
})

test('the last arrival is that of a new event, and what comes too late is left out', () => {
  const requests = [
    request(1, [[0, 'a']]),
    request(2, [[1, 'b']]),
    request(3, [[0, 'a']]),
    request(9, [[2, 'c']]),
  ]
  expect(tallyRun(requests, 'r', 5)).toMatchObject({ unique: 2, lastUniqueAt: 2, requests: 3 })
})

test('another run is not counted', () => {
  expect(tallyRun([request(1, [[0, 'a']])], 'other')).toMatchObject({
    unique: 0,
    requests: 0,
    lastUniqueAt: undefined,
  })
})
