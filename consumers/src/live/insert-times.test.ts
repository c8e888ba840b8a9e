import { describe, expect, it } from 'vitest'
import { addInsertTimes, createInsertMeter, createInsertTimes } from './insert-times.ts'

describe('measured inserts', () => {
  it('count by how long they took, and what failed apart', async () => {
    let now = 0
    const meter = createInsertMeter(() => now)
    const insert = meter.measure(async (_table, rows: readonly number[]) => {
      now += rows[0] ?? 0
      if (rows.length === 0) throw new Error('away')
    })
    await insert('events', [10])
    await insert('events', [11, 0])
    await insert('events', [40_000])
    await insert('quarantine', [5])
    await expect(insert('events', [])).rejects.toThrow('away')
    const taken = meter.take()
    expect(taken).toEqual({
      buckets: [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
      ms: 40_021,
      rows: 4,
      failed: 1,
    })
    expect(meter.take()).toBe(undefined)
    meter.giveBack(taken)
    await insert('events', [10])
    expect(meter.take()).toMatchObject({ ms: 40_031, rows: 5 })
  })

  it('of another release with other bounds are left out', () => {
    const times = createInsertTimes()
    addInsertTimes(times, { buckets: [1], ms: 5, rows: 1, failed: 0 })
    expect(times).toEqual(createInsertTimes())
  })
})
