import { describe, expect, it } from 'vitest'
import { createCounts } from './counts.ts'

describe('counts', () => {
  it('count an event once, however often it comes under its key', () => {
    const counts = createCounts()
    counts.add([{ run: 'a', i: 1, key: 'k1' }], 10, 100)
    counts.add(
      [
        { run: 'a', i: 1, key: 'k1' },
        { run: 'a', i: 2, key: 'k2' },
      ],
      20,
      200,
    )
    expect(counts.of('a')).toEqual({
      arrived: 2,
      deliveries: 3,
      doubled: 0,
      requests: 2,
      bodyBytes: 30,
      lastAt: 200,
    })
  })

  it('count an event under another key, or without one, as doubled', () => {
    const counts = createCounts()
    for (const key of ['k1', 'k2', undefined, undefined]) counts.add([{ run: 'a', i: 1, key }], 1, 1)
    expect(counts.of('a')).toMatchObject({ arrived: 1, deliveries: 4, doubled: 3 })
  })

  it('keep runs apart and know nothing of one that never came', () => {
    const counts = createCounts()
    counts.add([{ run: 'a', i: 1, key: 'k' }], 1, 1)
    expect(counts.of('b')).toMatchObject({ arrived: 0, requests: 0 })
  })
})

describe('calls without flush()', () => {
  it('are settled when the last has ended, and tell which were given up', async () => {
    const { createCalls } = await import('./subject.ts')
    const calls = createCalls()
    await calls.settled()
    const ends = [calls.begin(), calls.begin()]
    let isSettled = false
    const settled = calls.settled().then(() => {
      isSettled = true
    })
    ends[0]?.(true)
    await Promise.resolve()
    expect(isSettled).toBe(false)
    ends[1]?.(false)
    await settled
    expect(calls.givenUpCount()).toBe(1)
  })
})
