import { describe, expect, it } from 'vitest'
import type { NodeOptions } from './client-options.ts'
import { resolveSpool } from './spool-options.ts'

const GOOD = { writeKey: 'wk', endpoint: 'https://events.test' }

describe('spool options', () => {
  it('without the option there is none', () => {
    expect(resolveSpool(GOOD)).toBeUndefined()
  })

  it('a path alone takes the defaults', () => {
    const defaults = {
      directory: '/spool',
      fsync: 'interval',
      fsyncIntervalMs: 1_000,
      maxBytes: 256 * 1024 * 1024,
    }
    expect(resolveSpool({ ...GOOD, spool: '/spool' })).toEqual(defaults)
    expect(resolveSpool({ ...GOOD, spool: { directory: '/spool' } })).toEqual(defaults)
  })

  it.each([
    ['', 'spool.directory must be the path of a folder, got an empty string'],
    [7, 'spool must be the path of a folder or an object, got a value of type number'],
    [['/spool'], 'spool must be the path of a folder or an object, got an array'],
    [{}, 'spool.directory must be the path of a folder, got undefined'],
    [
      { directory: '/s', fsync: 'sometimes' },
      'spool.fsync must be one of always, interval, never, got "sometimes"',
    ],
    [{ directory: '/s', fsyncIntervalMs: 0 }, 'spool.fsyncIntervalMs must be an integer >= 1, got 0'],
    [{ directory: '/s', maxbytes: 1 }, 'there is no option spool.maxbytes; spool.maxBytes is meant'],
    [{ directory: '/s', maxBytes: 1 }, 'spool.maxBytes must be an integer >= 8388608, got 1'],
  ])('%j is refused', (spool, message) => {
    expect(() => resolveSpool({ ...GOOD, spool } as unknown as NodeOptions)).toThrow(message)
  })
})
