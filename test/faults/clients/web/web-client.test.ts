/** The browser SDK in a browser that misbehaves, before a collector that only takes notes. */

import { expect, it } from 'vitest'
import { createFakeWorld } from '../fake-world.ts'
import { bundleMutant, bundleWebSdk, type LoadSdk } from './sdk.ts'
import { createWebClient } from './web-client.ts'

const HOUR_MS = 3_600_000
const FAULTS = { crash: 0.01, requestLost: 0.1, answerLost: 0.1, networkHang: 0.03, failure: 0.1 }

async function play(seed: number, faults: Parameters<typeof createFakeWorld>[1], loadSdk?: LoadSdk) {
  const { seen, play } = createFakeWorld(seed, faults)
  const client = createWebClient({
    name: `web${seed}`,
    source: 'shop',
    writeKey: 'wk',
    endpoint: 'https://events.example',
    events: 300,
    loadSdk: loadSdk ?? (await bundleWebSdk()),
  })
  const isIdle = await play([client], HOUR_MS)
  const arrived = new Set(
    seen.flatMap(({ stream, firstSeq, batch }) => batch.map((_, index) => `${stream}-${firstSeq + index}`)),
  )
  return { client, isIdle, arrived, seen }
}

it('books of a browser close, whatever seed and faults', async () => {
  const total = { acknowledged: 0, lost: 0, dropped: 0 }
  for (let seed = 1; seed <= 60; seed++) {
    const { client, isIdle, arrived } = await play(seed, FAULTS)
    const { acknowledged, made, streams = [] } = client.sent()
    expect([seed, isIdle, client.problems()]).toEqual([seed, true, []])
    expect(client.books.counts()).toMatchObject({ taken: 0, numbered: 0 })
    expect(acknowledged.filter((id) => !arrived.has(id))).toEqual([])
    expect(made).toBeGreaterThan(100)
    const numbered = streams.reduce((sum, { highest }) => sum + highest, 0)
    expect(numbered).toBe(acknowledged.length + streams.reduce((sum, { lost }) => sum + lost.length, 0))
    const { lost, dropped } = client.books.counts()
    total.acknowledged += acknowledged.length
    total.lost += lost
    total.dropped += dropped
  }
  expect(total.acknowledged).toBeGreaterThan(10_000)
  expect(total.lost).toBeGreaterThan(0)
  expect(total.lost).toBeLessThan(total.acknowledged / 20)
}, 60_000)

it('a seed gives the same run again', async () => {
  const [one, other] = [await play(7, FAULTS), await play(7, FAULTS)]
  expect(other.client.sent()).toEqual(one.client.sent())
  expect(other.seen).toEqual(one.seen)
})

it.each<[string, string, string]>([
  ['takes any answer for a good one', 'status < 300) return "done"', 'status < 600) return "done"'],
  [
    'never looks for what other pages left',
    'isBegun = true;',
    'isBegun = true; keeping.outbox.adopt = async () => [];',
  ],
])(
  'an SDK that %s is caught',
  async (_, from, to) => {
    const mutant = await bundleMutant((code) => {
      expect(code).toContain(from)
      return code.replace(from, to)
    })
    const caught: string[] = []
    for (let seed = 1; seed <= 5; seed++) {
      const { client, isIdle } = await play(seed, FAULTS, mutant)
      if (!isIdle || client.problems().length > 0) caught.push(`seed ${seed}`)
    }
    expect(caught).not.toEqual([])
  },
  60_000,
)
