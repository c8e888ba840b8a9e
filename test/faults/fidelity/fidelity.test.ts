/**
 * The simulator does what workerd does, script by script. Where miniflare is not as production is documented, a table says so,
 * and the simulator follows the documents.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitFor } from '../../support/wait.ts'
import { OBJECT_SCRIPTS } from './object-script.ts'
import { type Act, type Delivered, MAX_RETRIES, QUEUE_SCRIPTS } from './queue-script.ts'
import { type Asked, startReal } from './real.ts'
import { BUCKET_SCRIPTS } from './scripts.ts'
import { startSimulated } from './simulated.ts'

let real: Asked
let simulated: Asked
beforeAll(async () => {
  simulated = startSimulated()
  real = await startReal()
}, 60_000)
afterAll(() => real.stop())

describe('a bucket', () => {
  it.each(Object.keys(BUCKET_SCRIPTS))('%s', async (name) => {
    const question = { kind: 'bucket', name } as const
    const [there, here] = await Promise.all([real.ask(question), simulated.ask(question)])
    expect(there).toBeDefined()
    // A cursor is any text.
    expect(withoutCursor(here)).toEqual(withoutCursor(there))
  })
})

function withoutCursor(outcome: unknown): unknown {
  return JSON.parse(JSON.stringify(outcome), (key, value) => (key === 'cursor' ? undefined : value))
}

describe('an object', () => {
  const names = Object.keys(OBJECT_SCRIPTS)
  let there: unknown[]
  // Together, because alarms take seconds.
  beforeAll(async () => {
    there = await Promise.all(names.map((name) => real.ask({ kind: 'object', name })))
  })
  it.each(names)('%s', async (name) => {
    const here = await simulated.ask({ kind: 'object', name })
    expect(JSON.stringify(here)).toMatch(/[a-z]/)
    expect(here).toEqual(there[names.indexOf(name)])
  })
})

/** Attempts at each message, and pauses of over a second between them. */
async function deliver({ ask }: Asked, script: string, orders: readonly Act[][][], wanted: number) {
  const names = orders.map((_, index) => `${script} ${index}`)
  const bodies = orders.map((attempts, index) => JSON.stringify({ name: names[index], attempts }))
  expect(await ask({ kind: 'send', bodies, isBatch: true })).toBe('sent')
  const own = async () => {
    const log = await ask<Delivered[]>({ kind: 'deliveries' })
    return log.filter(({ name }) => names.some((each) => name.endsWith(each)))
  }
  await waitFor(async () => (await own()).length >= wanted)
  // More than that would come by then.
  await new Promise((resolve) => setTimeout(resolve, wanted === 0 ? 0 : 300))
  const log = await own()
  return Object.fromEntries(
    names.map((name) => {
      const lines = log.filter((line) => line.name.endsWith(name))
      return [
        name,
        lines.map(({ name, attempt, atMs }, index) => {
          const pauseMs = atMs - (lines[index - 1]?.atMs ?? atMs)
          return `${name.startsWith('dead ') ? 'dead' : attempt}${pauseMs > 1_900 && attempt > 0 ? ' late' : ''}`
        }),
      ]
    }),
  )
}

/** Where miniflare differs: what the real queue is documented to do, and so does the simulated one. */
const HANDLER_PAUSES = 'a handler that throws has all again that it did not settle'

describe('a queue', () => {
  it.each(Object.entries(QUEUE_SCRIPTS))('%s', async (name, orders) => {
    const here = await deliver(simulated, name, orders, 0)
    const wanted = Object.values(here).flat().length
    expect(wanted).toBeGreaterThan(0)
    const there = await deliver(real, name, orders, wanted)
    // After a throw the simulator waits as long as it likes; miniflare does not wait.
    const strip = (lines: unknown) =>
      name === HANDLER_PAUSES ? JSON.parse(JSON.stringify(lines).replaceAll(' late', '')) : lines
    expect(strip(here)).toEqual(strip(there))
  })

  it.each([
    ['a message of 128,000 bytes', [128_000], 'sent'],
    ['a message of over 128,000 bytes', [128_001], 'refused'],
    ['a hundred messages', Array<number>(100).fill(20), 'sent'],
    ['over a hundred messages', Array<number>(101).fill(20), 'refused'],
    ['much over 256,000 bytes together', [100_000, 100_000, 100_000], 'refused'],
  ])('%s at once', async (name, sizes, wanted) => {
    const order = JSON.stringify({ name, attempts: [['ack']] })
    const question = { kind: 'send', bodies: sizes.map((size) => order.padEnd(size)), isBatch: true } as const
    const padded = question.bodies.every((body, index) => body.length >= (sizes[index] ?? 0))
    expect(padded).toBe(true)
    expect([await real.ask(question), await simulated.ask(question)]).toEqual([wanted, wanted])
  })
})

describe('where miniflare is not as production is documented, the simulator follows the documents', () => {
  it('an acknowledged message of a handler that throws does not come again (Queues, Batching: explicit acknowledgement)', async () => {
    const orders: Act[][][] = [[['ack', 'throw']]]
    expect(await deliver(simulated, 'acked, then thrown', orders, 0)).toEqual({
      'acked, then thrown 0': ['1'],
    })
    // Miniflare has it again until its tries are used up, and then calls it dead.
    const there = await deliver(real, 'acked, then thrown', orders, MAX_RETRIES + 2)
    expect(there['acked, then thrown 0']).toEqual(['1', '2', '3', 'dead'])
  })

  it('a batch of over 256,000 bytes is refused (Queues, Limits: 256 KB)', async () => {
    const bodies = [128_000, 128_000, 1_000].map((size) =>
      JSON.stringify({ name: 'large', attempts: [['ack']] }).padEnd(size),
    )
    const question = { kind: 'send', bodies, isBatch: true } as const
    expect(await simulated.ask(question)).toBe('refused')
    // Miniflare allows 32,000 more.
    expect(await real.ask(question)).toBe('sent')
  })
})
