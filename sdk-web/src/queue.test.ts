import { describe, expect, test } from 'vitest'
import { createQueue, type QueuedEvent } from './queue.ts'

function event(name: string, units = 10): QueuedEvent {
  return { fields: { type: 'track', event: name }, units, timestamp: '', href: '', title: '' }
}

describe('queue', () => {
  test('gives events back in their order', () => {
    const queue = createQueue(10, 1_000)
    queue.push(event('a'))
    queue.push(event('b'))
    expect(queue.peek()?.fields.event).toBe('a')
    queue.shift()
    expect(queue.peek()?.fields.event).toBe('b')
    queue.shift()
    expect(queue.peek()).toBeUndefined()
    queue.shift()
    expect(queue.count()).toBe(0)
  })

  test('refuses the newest event when there are too many', () => {
    const queue = createQueue(2, 1_000)
    expect([queue.push(event('a')), queue.push(event('b')), queue.push(event('c'))]).toEqual([
      true,
      true,
      false,
    ])
    queue.shift()
    expect(queue.push(event('d'))).toBe(true)
    expect(queue.count()).toBe(2)
  })

  test('refuses an event when there are too many bytes, and takes it when there is room again', () => {
    const queue = createQueue(10, 100)
    expect([queue.push(event('a', 60)), queue.push(event('b', 50)), queue.push(event('c', 40))]).toEqual([
      true,
      false,
      true,
    ])
    queue.shift()
    expect(queue.push(event('d', 60))).toBe(true)
  })
})
