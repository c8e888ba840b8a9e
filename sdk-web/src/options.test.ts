import { describe, expect, test } from 'vitest'
import type { MillraceOptions } from './api.ts'
import { parseOptions } from './options.ts'

const valid = { writeKey: 'key', endpoint: 'https://events.example.com' }

describe('options', () => {
  test('get their defaults', () => {
    expect(parseOptions(valid)).toEqual({
      ...valid,
      flushAt: 20,
      flushIntervalMs: 500,
      maxQueueEvents: 1_000,
      maxQueueBytes: 1_000_000,
    })
  })

  test('may be given as undefined', () => {
    expect(parseOptions({ ...valid, flushAt: undefined } as unknown as MillraceOptions).flushAt).toBe(20)
  })

  test.each(['/', '/events', 'http://127.0.0.1:8787', '//events.example.com'])(
    'take %s for an endpoint',
    (endpoint) => {
      expect(parseOptions({ ...valid, endpoint }).endpoint).toBe(endpoint)
    },
  )

  test.each<[object, ErrorConstructor, string]>([
    [{ ...valid, writeKey: 42 }, TypeError, 'writeKey must be a non-empty string, got 42'],
    [{ endpoint: '/' }, TypeError, 'writeKey must be a non-empty string, got undefined'],
    [{ ...valid, writeKey: '' }, RangeError, 'writeKey must be a non-empty string, got ""'],
    [{ writeKey: 'key' }, TypeError, 'endpoint must be a path or an http(s) URL, got undefined'],
    [
      { ...valid, endpoint: 'example.com' },
      RangeError,
      'endpoint must be a path or an http(s) URL, got example.com',
    ],
    [{ ...valid, endpoint: 'ftp://a' }, RangeError, 'endpoint must be a path or an http(s) URL, got ftp://a'],
    [{ ...valid, flushAt: 0 }, RangeError, 'flushAt must be an integer >= 1, got 0'],
    [{ ...valid, flushAt: '5' }, TypeError, 'flushAt must be an integer >= 1, got 5'],
    [{ ...valid, flushIntervalMs: 1.5 }, RangeError, 'flushIntervalMs must be an integer >= 1, got 1.5'],
    [{ ...valid, maxQueueEvents: Number.NaN }, RangeError, 'maxQueueEvents must be an integer >= 1, got NaN'],
    [{ ...valid, maxQueueBytes: -1 }, RangeError, 'maxQueueBytes must be an integer >= 1, got -1'],
  ])('%j is an error', (options, kind, message) => {
    const parse = () => parseOptions(options as MillraceOptions)
    expect(parse).toThrow(kind)
    expect(parse).toThrow(message)
  })
})
