import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeRecord, FRAME_BYTES } from './record.ts'
import { createRecordReader } from './record-reader.ts'

interface Written {
  number: number
  text: string
}

/** A file of records, and where each begins and ends. */
function write(records: Written[]) {
  const bytes = records.reduce((sum, { text }) => sum + FRAME_BYTES + Buffer.byteLength(text), 0)
  const buffer = Buffer.alloc(bytes)
  const places: { start: number; end: number }[] = []
  let end = 0
  for (const { number, text } of records) {
    const start = end
    end = encodeRecord(buffer, start, { number, text, textBytes: Buffer.byteLength(text) })
    places.push({ start, end })
  }
  return { file: buffer.subarray(0, end), places }
}

function read(file: Buffer, chunk = Infinity): Written[] {
  const reader = createRecordReader((target, offset, length, position) =>
    file.copy(target, offset, position, position + Math.min(length, chunk)),
  )
  const found: Written[] = []
  for (let record = reader.next(); record !== undefined; record = reader.next()) {
    found.push({ number: record.number, text: record.text() })
  }
  return found
}

const texts = fc.oneof(
  fc.json(),
  fc.json({ stringUnit: 'grapheme' }),
  fc.string().map((s) => JSON.stringify(s)),
)
const someRecords = fc
  .array(texts, { minLength: 1, maxLength: 12 })
  .map((list) => list.map((text, index) => ({ number: index + 1, text })))

describe('records', () => {
  it('are lines that a person can read', () => {
    const { file } = write([{ number: 7, text: '{"a":"ü"}' }])
    expect(file.toString()).toBe('\ndcdc51c5 7 10 {"a":"ü"}')
  })

  it('come back as they were, however few bytes a read gives', () => {
    fc.assert(
      fc.property(someRecords, fc.integer({ min: 1, max: 40 }), (records, chunk) => {
        expect(read(write(records).file, chunk)).toEqual(records)
      }),
    )
  })

  it('longer than a chunk, and across its end, come back', () => {
    const records = [1, 2, 3, 4].map((number) => ({
      number,
      text: JSON.stringify('ä'.repeat(number * 25_000)),
    }))
    expect(read(write(records).file)).toEqual(records)
  })

  it('of a file cut at any byte come back when they are whole', () => {
    const records = ['{"a":1}', '""', '{"b":"two\\nlines"}', '[]'].map((text, i) => ({ number: i + 1, text }))
    const { file, places } = write(records)
    for (let length = 0; length <= file.length; length += 1) {
      const whole = records.filter((_, index) => (places[index]?.end ?? 0) <= length)
      expect(read(file.subarray(0, length))).toEqual(whole)
    }
  })

  it('that are intact come back whatever single byte is changed to whatever value', () => {
    const records = ['{"a":1}', '"x"', '{"c":3}'].map((text, index) => ({ number: index + 1, text }))
    const { file, places } = write(records)
    for (let at = 0; at < file.length; at += 1) {
      for (let value = 0; value < 256; value += 1) {
        if (file[at] === value) continue
        const changed = Buffer.from(file)
        changed[at] = value
        const intact = records.filter((_, i) => at < (places[i]?.start ?? 0) || at >= (places[i]?.end ?? 0))
        expect(read(changed)).toEqual(intact)
      }
    }
  })

  it('that are intact come back, and no others, under any damage to the rest', () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 20 })
    fc.assert(
      fc.property(someRecords, flips, fc.nat(), (records, changes, cut) => {
        const { file, places } = write(records)
        const changed = Buffer.from(file.subarray(0, file.length - (cut % 50)))
        for (const [at, mask] of changes) {
          if (changed.length > 0)
            changed.writeUInt8((changed[at % changed.length] ?? 0) ^ mask, at % changed.length)
        }
        const intact = records.filter((_, index) => {
          const { start, end } = places[index] ?? { start: 0, end: 0 }
          return end <= changed.length && changed.subarray(start, end).equals(file.subarray(start, end))
        })
        expect(read(changed)).toEqual(intact)
      }),
      { numRuns: 2_000 },
    )
  })

  it('are found in any garbage, which yields none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => read(Buffer.from(bytes)).length === 0),
    )
    const { file } = write([{ number: 3, text: '{}' }])
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(read(Buffer.concat([Buffer.from(bytes), file]))).toEqual([{ number: 3, text: '{}' }])
      }),
    )
  })

  it('inside the text of a garbled record are not taken for records', () => {
    const inner = write([{ number: 9, text: '{"forged":true}' }]).file.toString()
    const { file } = write([{ number: 1, text: JSON.stringify({ inner }) }])
    file[3] = file[3] === 0x30 ? 0x31 : 0x30
    expect(read(file)).toEqual([])
  })

  it('a reader tells of bytes that it passed over', () => {
    const { file } = write([{ number: 1, text: '{}' }])
    const damaged = Buffer.concat([file, Buffer.from('\n0000')])
    const reader = createRecordReader((target, offset, length, position) =>
      damaged.copy(target, offset, position, position + length),
    )
    expect([reader.next()?.number, reader.hasSkipped()]).toEqual([1, false])
    expect([reader.next(), reader.hasSkipped()]).toEqual([undefined, true])
  })
})
