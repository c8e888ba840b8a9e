/** The Node SDK in processes that crash, before a collector that only takes notes. */

import { describe, expect, it } from 'vitest'
import { createFakeWorld } from '../fake-world.ts'
import { createNodeClient } from './node-client.ts'

const HOUR_MS = 3_600_000
const FAULTS = { crash: 0.01, requestLost: 0.1, answerLost: 0.1, networkHang: 0.03, failure: 0.1 }

async function play(seed: number, hasSpool: boolean) {
  const { seen, play } = createFakeWorld(seed, FAULTS)
  const client = createNodeClient({
    name: `node${seed}`,
    source: 'shop',
    writeKey: 'wk',
    endpoint: 'https://events.example',
    events: 500,
    hasSpool,
  })
  const isIdle = await play([client], HOUR_MS)
  const arrived = new Set(
    seen.flatMap(({ stream, firstSeq, batch }) => batch.map((_, index) => `${stream}-${firstSeq + index}`)),
  )
  return { client, isIdle, arrived, seen }
}

describe.each([
  ['in memory', false],
  ['over a spool', true],
])('the books of a server %s', (_, hasSpool) => {
  it('close, whatever seed and faults', async () => {
    const total = { acknowledged: 0, saved: 0 }
    for (let seed = 1; seed <= 60; seed++) {
      const { client, isIdle, arrived, seen } = await play(seed, hasSpool)
      const { acknowledged } = client.sent()
      expect([seed, isIdle, client.problems()]).toEqual([seed, true, []])
      expect(client.books.counts()).toMatchObject({ taken: 0, numbered: 0 })
      expect(acknowledged.filter((id) => !arrived.has(id))).toEqual([])
      for (const { stream, firstSeq, batch } of seen) {
        for (const [index, { properties, traits }] of batch.entries()) {
          const { mark } = (properties ?? traits) as { mark: string }
          expect(client.books.find(stream, firstSeq + index)?.mark).toBe(mark)
        }
      }
      total.acknowledged += acknowledged.length
      total.saved += client.books.events.filter(({ isSaved }) => isSaved).length
    }
    expect(total.acknowledged).toBeGreaterThan(10_000)
    if (hasSpool) expect(total.saved).toBeGreaterThan(500)
  }, 60_000)

  it('are the same again', async () => {
    const [one, other] = [await play(7, hasSpool), await play(7, hasSpool)]
    expect(other.client.sent()).toEqual(one.client.sent())
    expect(other.seen).toEqual(one.seen)
  })
})
