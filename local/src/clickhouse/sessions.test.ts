import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Connection } from './engine.ts'
import type { SessionRequest } from './request.ts'
import { createSessions } from './sessions.ts'

const SESSION: SessionRequest = { id: 's', timeoutSeconds: 60, mustExist: false, closes: false }

let closedCount = 0

function connect(): Connection {
  const unused = () => {
    throw new Error('not used')
  }
  return {
    run: unused,
    stream: unused,
    cancel: unused,
    close: () => {
      closedCount += 1
    },
  }
}

beforeEach(() => {
  closedCount = 0
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test('session keeps its connection between requests', () => {
  const sessions = createSessions(connect)
  const first = sessions.acquire(SESSION)
  sessions.release(SESSION)
  expect(sessions.acquire({ ...SESSION, mustExist: true })).toBe(first)
})

test('session is locked while in use', () => {
  const sessions = createSessions(connect)
  sessions.acquire(SESSION)
  expect(() => sessions.acquire(SESSION)).toThrow(expect.objectContaining({ code: 373 }))
})

test('session that must exist is not created', () => {
  const sessions = createSessions(connect)
  expect(() => sessions.acquire({ ...SESSION, mustExist: true })).toThrow(
    expect.objectContaining({ code: 372 }),
  )
})

test('session ends after its idle time, which use interrupts', () => {
  const sessions = createSessions(connect)
  sessions.acquire(SESSION)
  vi.advanceTimersByTime(61_000)
  sessions.release(SESSION)
  vi.advanceTimersByTime(59_000)
  expect(closedCount).toBe(0)
  vi.advanceTimersByTime(1_000)
  expect(closedCount).toBe(1)
  expect(() => sessions.acquire({ ...SESSION, mustExist: true })).toThrow()
})

test('session ends with a request that closes it, and all end with the registry', () => {
  const sessions = createSessions(connect)
  sessions.acquire(SESSION)
  sessions.release({ ...SESSION, closes: true })
  expect(closedCount).toBe(1)
  sessions.acquire({ ...SESSION, id: 'a' })
  sessions.acquire({ ...SESSION, id: 'b' })
  sessions.close()
  expect(closedCount).toBe(3)
})
