import { expect, test } from 'vitest'
import { cpuBetween, type ProcessReader, readUsage } from './usage.ts'

/** Each process has its id in seconds and MiB; 9 is gone. */
const SYSTEM: ProcessReader = {
  cpuSeconds(pid) {
    if (pid === 9) throw new Error('ENOENT')
    return pid
  },
  memoryMiB: (pid) => pid * 10,
  peakMiB: (pid) => pid * 20,
}

test('usage of several processes adds up, and of none or of one that is gone is unknown', () => {
  expect(readUsage([1, 2], SYSTEM)).toEqual({ cpuSeconds: 3, memoryMiB: 30, peakMiB: 60, pids: [1, 2] })
  expect(readUsage([], SYSTEM)).toBeUndefined()
  expect(readUsage([1, 9], SYSTEM)).toBeUndefined()
})

test('processor time is counted between looks at the same processes alone', () => {
  const [one, two] = [readUsage([1], SYSTEM), readUsage([2], SYSTEM)]
  expect(cpuBetween(one, one && { ...one, cpuSeconds: 1.5 })).toBe(0.5)
  expect(cpuBetween(one, two)).toBeUndefined()
  expect(cpuBetween(undefined, one)).toBeUndefined()
})
