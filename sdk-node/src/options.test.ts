import { describe, expect, it } from 'vitest'
import type { MillraceOptions } from './client-options.ts'
import { resolveOptions } from './options.ts'

const GOOD = { writeKey: 'wk', endpoint: 'https://events.test' }

describe('options', () => {
  it('defaults are as documented', () => {
    expect(resolveOptions(GOOD)).toMatchObject({
      url: 'https://events.test/v1/batch',
      flushAt: 100,
      flushIntervalMs: 1_000,
      maxBatchEvents: 500,
      maxQueueBytes: 16 * 1024 * 1024,
      lanes: 1,
      gzip: true,
      maxRetries: 20,
      requestTimeoutMs: 10_000,
      exitTimeoutMs: 5_000,
      process,
    })
    expect(resolveOptions(GOOD).randomId()).toMatch(/^[0-9a-f]{32}$/)
  })

  it('a key that is null counts as absent', () => {
    const options = { writeKey: null, secretKey: 'sk', endpoint: GOOD.endpoint } as unknown as MillraceOptions
    expect(resolveOptions(options)).toMatchObject({ key: 'sk', url: 'https://events.test/v1/import' })
  })

  it.each([
    [undefined, TypeError, 'options must be an object, got undefined'],
    [
      { endpoint: GOOD.endpoint },
      TypeError,
      'writeKey must be a non-empty string of ASCII characters without spaces or ":", got undefined',
    ],
    [
      { ...GOOD, writeKey: '' },
      TypeError,
      'writeKey must be a non-empty string of ASCII characters without spaces or ":", got an empty string',
    ],
    [
      { ...GOOD, writeKey: 'a:b' },
      TypeError,
      'writeKey must be a non-empty string of ASCII characters without spaces or ":", got a value of type string',
    ],
    [{ ...GOOD, flushat: 1 }, TypeError, 'there is no option flushat; flushAt is meant'],
    [{ ...GOOD, host: 'https://x.test' }, TypeError, 'there is no option host; endpoint is meant'],
    [{ ...GOOD, disable: true }, TypeError, 'there is no option disable'],
    [
      { ...GOOD, endpoint: 'https://x.test/in/v1/batch/' },
      TypeError,
      'endpoint must be the collector\'s address without /v1/batch, got "https://x.test/in/v1/batch/"',
    ],
    [{ ...GOOD, secretKey: 'sk' }, TypeError, 'writeKey and secretKey must not both be given'],
    [
      { writeKey: 'wk' },
      TypeError,
      'endpoint must be an http or https address without credentials, query or fragment, got undefined',
    ],
    [
      { ...GOOD, endpoint: 'events.test' },
      TypeError,
      'endpoint must be an http or https address without credentials, query or fragment, got "events.test"',
    ],
    [
      { ...GOOD, endpoint: 'https://x.test/?a=1' },
      TypeError,
      'endpoint must be an http or https address without credentials, query or fragment, got "https://x.test/?a=1"',
    ],
    [{ ...GOOD, flushAt: 0 }, RangeError, 'flushAt must be an integer from 1 to 2500, got 0'],
    [{ ...GOOD, flushAt: 2501 }, RangeError, 'flushAt must be an integer from 1 to 2500, got 2501'],
    [{ ...GOOD, flushAt: 1.5 }, RangeError, 'flushAt must be an integer from 1 to 2500, got 1.5'],
    [
      { ...GOOD, flushAt: '5' },
      TypeError,
      'flushAt must be an integer from 1 to 2500, got a value of type string',
    ],
    [{ ...GOOD, flushIntervalMs: -1 }, RangeError, 'flushIntervalMs must be an integer >= 0, got -1'],
    [{ ...GOOD, maxQueueBytes: 99 }, RangeError, 'maxQueueBytes must be an integer >= 131072, got 99'],
    [{ ...GOOD, maxBatchEvents: 0 }, RangeError, 'maxBatchEvents must be an integer from 1 to 2500, got 0'],
    [{ ...GOOD, lanes: 101 }, RangeError, 'lanes must be an integer from 1 to 100, got 101'],
    [{ ...GOOD, maxRetries: Number.NaN }, RangeError, 'maxRetries must be an integer >= 0, got NaN'],
    [{ ...GOOD, requestTimeoutMs: 0 }, RangeError, 'requestTimeoutMs must be an integer >= 1, got 0'],
    [{ ...GOOD, defaults: {} }, TypeError, 'defaults must be a function, got a value of type object'],
    [
      { ...GOOD, source: 7 },
      TypeError,
      'source must be 1 to 64 lower-case letters, digits, "_" and "-", got a value of type number',
    ],
    [
      { ...GOOD, source: 'My Shop' },
      TypeError,
      'source must be 1 to 64 lower-case letters, digits, "_" and "-", got "My Shop"',
    ],
    [{ ...GOOD, flushOnExit: 1 }, TypeError, 'flushOnExit must be a boolean, got a value of type number'],
  ])('wrong options throw (%#)', (options, kind, message) => {
    const attempt = () => resolveOptions(options as unknown as MillraceOptions)
    expect(attempt).toThrow(kind)
    expect(attempt).toThrow(message)
  })
})
