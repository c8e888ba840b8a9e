import { describe, expect, it } from 'vitest'
import { chunkIds } from './id-chunks.ts'

describe('chunkIds', () => {
  it('gives all ids once, in their order, in pieces that fit an address', () => {
    const ids = Array.from({ length: 3_000 }, (_, i) => `${'ü'.repeat(i % 90)}${i}`)
    const chunks = [...chunkIds(ids)]
    expect(chunks.flat()).toEqual(ids)
    for (const chunk of chunks)
      expect(encodeURIComponent(`['${chunk.join("','")}']`).length).toBeLessThan(8_100)
    expect(chunks.length).toBeLessThan(200)
  })

  it('gives an id that is too long by itself alone, and nothing of nothing', () => {
    const long = '🐘'.repeat(1_000)
    expect([...chunkIds(['a', long, 'b'])]).toEqual([['a'], [long], ['b']])
    expect([...chunkIds([])]).toEqual([])
  })
})
