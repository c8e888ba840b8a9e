import { describe, expect, it } from 'vitest'
import { createEventStreamParser, type ServerSentEvent } from './server-sent-events.ts'

const encoder = new TextEncoder()

/** Reads a stream that arrives in these pieces. */
function parseAll(pieces: readonly Uint8Array[]): ServerSentEvent[] {
  const parse = createEventStreamParser()
  return pieces.flatMap((piece) => parse(piece))
}

const event = (data: string, type = 'message', lastEventId = '') => ({ type, data, lastEventId })

/** Everything that a line can be, with each way to end it, and characters of one to four bytes. */
const STREAM = encoder.encode(
  '\ufeffdata: first\n\n' +
    ': a comment\r\nevent: snapshot\r\nid: 7\r\ndata: {"ü":"€ 😀"}\r\ndata:second line\r\n\r\n' +
    'event:change\rdata\rdata:  two spaces\r\r' +
    'retry: 10\nunknown: x\n\n' +
    'id: 8\n\n' +
    'data: 漢字\r\n\n' +
    'data: never ended',
)

const EVENTS = [
  event('first'),
  event('{"ü":"€ 😀"}\nsecond line', 'snapshot', '7'),
  event('\n two spaces', 'change', '7'),
  event('漢字', 'message', '8'),
]

describe('the parser of server-sent events', () => {
  it('reads a stream whole, and byte by byte', () => {
    expect(parseAll([STREAM])).toEqual(EVENTS)
    expect(parseAll(Array.from(STREAM, (byte) => Uint8Array.of(byte)))).toEqual(EVENTS)
  })

  it('reads the same wherever the stream is cut in two, or in three', () => {
    for (let cut = 0; cut <= STREAM.length; cut += 1) {
      expect(parseAll([STREAM.subarray(0, cut), STREAM.subarray(cut)]), `cut at ${cut}`).toEqual(EVENTS)
      const [head, middle] = [STREAM.subarray(0, cut), STREAM.subarray(cut, cut + 1)]
      expect(parseAll([head, middle, STREAM.subarray(cut + 1)]), `around ${cut}`).toEqual(EVENTS)
    }
  })

  it.each([
    // Examples of the specification.
    ['data: YHOO\ndata: +2\ndata: 10\n\n', [event('YHOO\n+2\n10')]],
    [
      ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n',
      [event('first event', 'message', '1'), event('second event'), event(' third event')],
    ],
    ['data\n\ndata\ndata\n\ndata:', [event(''), event('\n')]],
    ['data:test\n\ndata: test\n\n', [event('test'), event('test')]],
    // An event without data is none, and its type is not that of the next one.
    ['event: change\n\ndata: x\n\n', [event('x')]],
    // An id with a NUL is passed over; the one before stays.
    ['id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n', [event('a', 'message', '1'), event('b', 'message', '1')]],
    // Names of fields are as they are written, and a colon may come again.
    ['Data: no\n data: no\ndata: a:b: c\n\n', [event('a:b: c')]],
    ['\r\r\n\n\rdata: x\r\r', [event('x')]],
    // A byte order mark is one only at the beginning.
    ['\ufeffdata: a\n\n\ufeffdata: b\n\n', [event('a')]],
  ])('reads %j', (text, expected) => {
    expect(parseAll([encoder.encode(text)])).toEqual(expected)
  })

  it('refuses an event that never ends, and not a stream that does not', () => {
    const parse = createEventStreamParser()
    const mebibyte = encoder.encode('x'.repeat(1024 * 1024))
    const feed = (count: number, end: string) => {
      for (let place = 0; place < count; place += 1) {
        parse(mebibyte)
        parse(encoder.encode(end))
      }
    }
    feed(64, '\n\n')
    expect(() => feed(64, '\n')).toThrow(new RangeError('an event is longer than 33554432 characters'))
  })
})
