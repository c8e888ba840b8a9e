import { describe, expect, it } from 'vitest'
import { encodeFormed, encodeSettled, readHistory } from './journal.ts'
import { encodeRecord, FRAME_BYTES } from './record.ts'

function journalOf(entries: string[]) {
  let file = Buffer.alloc(0)
  entries.forEach((text, index) => {
    const target = Buffer.alloc(FRAME_BYTES + text.length)
    const end = encodeRecord(target, 0, { number: index + 1, text, textBytes: text.length })
    file = Buffer.concat([file, target.subarray(0, end)])
  })
  return file
}

function history(file: Buffer) {
  const { settled, formed } = readHistory((target, offset, length, position) =>
    file.copy(target, offset, position, position + length),
  )
  return { formed, has: (seq: number) => settled.has(seq) }
}

const A = { batchId: 'a', firstSeq: 1, count: 3 }
const B = { batchId: 'b', firstSeq: 4, count: 2 }

describe('journal', () => {
  it('keeps batches that were formed and not settled', () => {
    const { formed, has } = history(journalOf([encodeFormed(A), encodeFormed(B), encodeSettled(A)]))
    expect(formed).toEqual([B])
    expect([1, 3, 4].map(has)).toEqual([true, true, false])
  })

  it('a batch that was split up gives way to its parts', () => {
    const part = { batchId: 'p', firstSeq: 2, count: 2 }
    expect(history(journalOf([encodeFormed(A), encodeFormed(B), encodeFormed(part)])).formed).toEqual([
      part,
      B,
    ])
  })

  it('a batch that is settled in part is none any more', () => {
    const entries = [encodeFormed(A), encodeSettled({ firstSeq: 2, count: 1 })]
    expect(history(journalOf(entries)).formed).toEqual([])
  })

  it('garbled and unknown entries are passed over', () => {
    const file = journalOf([encodeFormed(A), '{"future":1}', '["formed",0,1,"x"]', encodeFormed(B)])
    file[20] = 0
    expect(history(file).formed).toEqual([B])
  })
})
