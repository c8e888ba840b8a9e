import { expect, test } from 'vitest'
import { parseCpuSeconds, parsePeakMemoryMiB } from './process-usage.ts'

test('processor seconds are user and system time, whatever the process is called', () => {
  const after = 'S 1 2 3 4 5 6 7 8 9 10 250 50 7 8 20 0 4'
  expect(parseCpuSeconds(`4711 (workerd) ${after}`)).toBe(3)
  expect(parseCpuSeconds(`4711 (a) b (c) ${after}`)).toBe(3)
})

test('peak memory is read from its line', () => {
  expect(parsePeakMemoryMiB('Name:\tworkerd\nVmPeak:\t  999999 kB\nVmHWM:\t  204800 kB\n')).toBe(200)
})

test('peak memory that the kernel does not tell is not a number', () => {
  expect(parsePeakMemoryMiB('Name:\tkthreadd\n')).toBeNaN()
})
