import { describe, expect, it } from 'vitest'
import { createSampledLog, encodeLogLine, type LogRecord, traceOf } from './log.ts'

describe('a line of the log', () => {
  it('is one line of JSON, whatever is in it', () => {
    const hostile =
      'a\n{"event":"forged"}\r\u2028\u2029\u0085\u001b[31m\u009b2J\u202ereversed\u2066\u200b\ufeff\ud800'
    const line = encodeLogLine({ event: 'x', error: hostile })
    expect(line).toMatch(/^[\x20-\x7e]*$/)
    expect(JSON.parse(line)).toEqual({ event: 'x', error: hostile })
  })

  it('keeps text of all languages as it is', () => {
    expect(encodeLogLine({ error: 'Zürich 東京 🎉' })).toBe('{"error":"Zürich 東京 🎉"}')
  })

  it('is of bounded length', () => {
    const deep = { a: { b: { c: { d: { e: 1 } } } } }
    const line = encodeLogLine({ error: 'x'.repeat(5_000), list: new Array(500).fill('y'), deep })
    expect(line.length).toBeLessThan(1_500)
    expect(JSON.parse(line).deep).toEqual({ a: { b: { c: '…' } } })
  })

  it('says what an error is', () => {
    expect(encodeLogLine({ error: new TypeError('no') })).toBe('{"error":"TypeError: no"}')
  })
})

describe('sampled lines', () => {
  const sample = (sampleRate: number | undefined, ids: readonly string[]) => {
    const lines: LogRecord[] = []
    const log = createSampledLog(
      (record) => void lines.push(record),
      sampleRate === undefined ? {} : { sampleRate },
    )
    for (const id of ids) log(id, { level: 'info', event: 'taken' })
    return lines
  }
  const ids = Array.from({ length: 10_000 }, (_, i) => `batch-${i}`)

  it('are about as many as the rate says', () => {
    expect(sample(0, ids)).toEqual([])
    expect(sample(1, ids)).toHaveLength(10_000)
    expect(sample(0.1, ids).length).toBeGreaterThan(900)
    expect(sample(0.1, ids).length).toBeLessThan(1_100)
    expect(sample(undefined, ids).length).toBeLessThan(200)
    expect(sample(undefined, ids).length).toBeGreaterThan(50)
  })

  it('are of the same batches wherever they are written, and of those too at a higher rate', () => {
    const traces = (rate: number) => sample(rate, ids).map(({ trace }) => trace)
    expect(traces(0.1)).toEqual(traces(0.1))
    const more = new Set(traces(0.2))
    expect(traces(0.1).filter((trace) => !more.has(trace))).toEqual([])
  })

  it('name the batch by a hash that ClickHouse computes too', () => {
    // SELECT lower(hex(murmurHash3_32('batch-1')))
    expect(sample(1, ['batch-1'])).toEqual([{ level: 'info', event: 'taken', trace: traceOf('batch-1') }])
    expect(traceOf('')).toBe('00000000')
  })
})
