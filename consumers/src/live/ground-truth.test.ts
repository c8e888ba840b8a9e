/** Events with known answers through the real object: shuffled, a fifth twice, some late, and evicted again and again. */

import { evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { type LiveWindow, resolveWindow } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import { createGroundTruth, TRUTH_WINDOWS } from './ground-truth.ts'
import { deliveriesOf, planOf, sinkTo } from './live-fakes.ts'

const EVENTS = 20_000
const EVICTIONS = 20

describe('live windows', () => {
  it('equal the oracle in the end', { timeout: 60_000 }, async () => {
    const source = 'truth'
    const startMs = Date.now() - 3 * 3_600_000
    const truth = createGroundTruth({ events: EVENTS, startMs, spanMs: 30 * 60_000, seed: 7, source })
    const sink = sinkTo(env.LIVE, planOf(TRUTH_WINDOWS, { retentionMs: 4 * 3_600_000 }))
    const batches = [...truth.batches()]
    for (const [index, batch] of batches.entries()) {
      const outcomes = await sink.write(deliveriesOf(...batch))
      expect(outcomes.every(({ kind }) => kind === 'written')).toBe(true)
      if (index % Math.ceil(batches.length / EVICTIONS) === 0)
        await evictDurableObject(env.LIVE.getByName(source))
    }
    const oracle = truth.oracle()
    const faults: string[] = []
    let windowCount = 0
    for (const definition of TRUTH_WINDOWS) {
      const response = await env.LIVE.getByName(source).fetch(`https://live/windows?name=${definition.name}`)
      const { windows }: { windows: LiveWindow[] } = await response.json()
      if (definition.window.kind === 'session') {
        expect(windows.reduce((sum, { events }) => sum + events, 0)).toBe(EVENTS)
      } else {
        expect(windows.map((window) => window.start)).toEqual(oracle.starts(resolveWindow(definition)))
      }
      for (const window of windows) faults.push(...oracle.faultsOf(window))
      windowCount += windows.length
    }
    expect(faults.slice(0, 5)).toEqual([])
    expect(windowCount).toBeGreaterThan(400)
    const { health } = await (await env.LIVE.getByName(source).fetch('https://live/windows')).json<{
      health: { events: number; duplicates: number; late: number }
    }>()
    expect(health).toMatchObject({ late: 0 })
  })
})
