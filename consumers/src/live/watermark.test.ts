import { describe, expect, it } from 'vitest'
import { createRandom } from './ground-truth.ts'
import { advanceWatermark, FLOOR_STEP_MS, floorOf, IDLE_MS, type Progress } from './watermark.ts'

const T = 1_700_000_000_000
const SETTINGS = { latenessMs: 30_000, retentionMs: 3_600_000 }

const at = (more: Partial<Progress>): Progress => ({
  ...{ receivedAt: T, changedAt: T, startedAt: T, watermark: 0 },
  ...more,
})

describe('watermark', () => {
  it.each<[string, Progress, number, number]>([
    ['stays at 0 before anything came', at({ receivedAt: 0, changedAt: 0, startedAt: 0 }), T, 0],
    ['follows what was received', at({}), T + 1, T - 30_000],
    ['waits while a pause is short', at({}), T + IDLE_MS - 1, T - 30_000],
    ['follows time when nothing comes', at({}), T + IDLE_MS, T - 30_000],
    ['goes on with time when nothing comes', at({}), T + 60_000, T + 60_000 - IDLE_MS - 30_000],
    ['is of the backlog while one comes', at({ receivedAt: T - 1_800_000 }), T + 1, T - 1_830_000],
    ['never goes back', at({ receivedAt: T - 1_800_000, watermark: T }), T + 1, T],
    ['does not go back with the clock', at({ watermark: T - 30_000 }), T - 3_600_000, T - 30_000],
  ])('%s', (_, progress, now, expected) => {
    expect(advanceWatermark(progress, SETTINGS, now)).toBe(expected)
  })

  it('never goes back, whatever comes', () => {
    const random = createRandom(9)
    let progress = at({})
    for (let i = 0; i < 1_000; i++) {
      const now = T + (random() - 0.3) * 7_200_000
      const settings = { latenessMs: random() * 600_000 }
      const watermark = advanceWatermark(progress, settings, now)
      expect(watermark).toBeGreaterThanOrEqual(progress.watermark)
      progress = at({ receivedAt: T + (random() - 0.5) * 7_200_000, changedAt: now, watermark })
    }
  })
})

describe('floor', () => {
  it('is a whole step, and at most the retention behind', () => {
    for (const watermark of [T, T + 1, T + FLOOR_STEP_MS - 1, T + 123_456]) {
      const floor = floorOf(watermark, SETTINGS)
      expect(floor % FLOOR_STEP_MS).toBe(0)
      expect(watermark - SETTINGS.retentionMs - floor).toBeGreaterThanOrEqual(0)
      expect(watermark - SETTINGS.retentionMs - floor).toBeLessThan(FLOOR_STEP_MS)
    }
  })
})
