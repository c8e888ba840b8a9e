import { describe, expect, test } from 'vitest'
import type { MutableEvent } from '../api.ts'
import { createDebugLog } from './debug-log.ts'

const event = (name: string): MutableEvent => ({
  type: 'track',
  event: name,
  timestamp: '2026-11-02T10:00:00.000Z',
})
const report = (events: number, status: number) => ({ id: 'b', events, bytes: 100, status })

describe('debug log', () => {
  test('takes a batch to have sent the oldest that wait', () => {
    const log = createDebugLog(10)
    for (const name of ['a', 'b', 'c']) log.addEvent(event(name))
    log.addBatch(report(2, 503))
    expect(log.events.map(({ status }) => status)).toEqual(['waiting', 'waiting', 'waiting'])
    log.addBatch(report(2, 200))
    expect(log.events.map(({ status }) => status)).toEqual(['sent', 'sent', 'waiting'])
    expect(log.batches.map(({ status }) => status)).toEqual([503, 200])
  })

  test('counts what was given up, and marks events that had been recorded', () => {
    const log = createDebugLog(10)
    log.addEvent(event('a'))
    log.addDropped('no_consent', 3)
    expect(log.events.map(({ status }) => status)).toEqual(['waiting'])
    log.addDropped('refused', 1)
    log.addDropped('no_consent', 1)
    expect(log.events.map(({ status }) => status)).toEqual(['dropped'])
    expect([...log.dropped]).toEqual([
      ['no_consent', 4],
      ['refused', 1],
    ])
  })

  test('keeps the last events and batches only', () => {
    const log = createDebugLog(2)
    for (const name of ['a', 'b', 'c']) log.addEvent(event(name))
    for (let i = 0; i < 30; i++) log.addBatch(report(0, 200))
    expect(log.events.map(({ event: { event: name } }) => name)).toEqual(['b', 'c'])
    expect(log.batches).toHaveLength(20)
    log.clear()
    expect([log.events.length, log.batches.length, log.dropped.size]).toEqual([0, 0, 0])
  })
})
