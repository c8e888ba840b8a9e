import { describe, expect, it } from 'vitest'
import { createEnqueue, type EventQueue } from './enqueue.ts'

function createQueue(behaviour: () => Promise<void> = async () => {}) {
  const calls: string[][] = []
  const queue: EventQueue = {
    async send(body) {
      calls.push([body])
      await behaviour()
    },
    async sendBatch(messages) {
      calls.push(messages.map(({ body }) => body))
      await behaviour()
    },
  }
  return { queue, calls }
}

describe('enqueue', () => {
  it('sends one message by itself and several together', async () => {
    const { queue, calls } = createQueue()
    const enqueue = createEnqueue({ queue })
    await enqueue([])
    await enqueue(['a'])
    await enqueue(['a', 'b'])
    expect(calls).toEqual([['a'], ['a', 'b']])
  })

  it('sends no more at once than the platform takes', async () => {
    const { queue, calls } = createQueue()
    const texts = Array.from({ length: 5 }, () => 'x'.repeat(120_000))
    await createEnqueue({ queue })(texts)
    expect(calls.map((call) => call.length)).toEqual([2, 2, 1])
    await createEnqueue({ queue })(Array.from({ length: 150 }, () => 'x'))
    expect(calls.slice(3).map((call) => call.length)).toEqual([100, 50])
  })

  it('rejects when the queue throws', async () => {
    const { queue } = createQueue(() => Promise.reject(new Error('full')))
    await expect(createEnqueue({ queue })(['a'])).rejects.toThrow('full')
  })

  it('gives up a send that hangs', async () => {
    const { queue } = createQueue(() => new Promise(() => {}))
    await expect(createEnqueue({ queue, timeoutMs: 10 })(['a'])).rejects.toThrow(
      'did not answer within 10 ms',
    )
  })

  it('gives up sends that are each quick enough, and together are not', async () => {
    const { queue, calls } = createQueue(() => new Promise((resolve) => setTimeout(resolve, 60)))
    const texts = Array.from({ length: 10 }, () => 'x'.repeat(200_000))
    await expect(createEnqueue({ queue, timeoutMs: 150 })(texts)).rejects.toThrow('within 150 ms')
    expect(calls.length).toBeLessThan(5)
  })
})
