import { describe, expect, it } from 'vitest'
import { createEventIds, decodeIds, encodeIds, type PackedId, packId } from './event-ids.ts'
import { createRandom } from './ground-truth.ts'

const textOf = ({ high, low, bit }: PackedId) => `${high} ${low} ${bit}`

/** Ids that look alike, and are different. */
const ALIKE = [
  ...['s-1', 's-01', 's-001', 's1', 's--1', 's-1-1', '-1', '1', 's-', 's', 'S-1'],
  ...['s-0', 's-00', 's-31', 's-32', 's-33', 's-0\n', 's-1\n', 's\n-1', 's-0\n\n'],
  ...['s-999999999999999', 's-1000000000000000', 's-9007199254740993', 's-9007199254740992'],
  ...['s-1e3', 's-1000', 's-1.0', 's-+1', 's- 1', 's-１'],
  ...[
    '018f2c5e-7c1a-7000-8000-000000000001',
    '018f2c5e-7c1a-7000-8000-100000000001',
    '018f2c5e-7c1a-7000-8000',
  ],
  ...['', ' ', '\n', '\0', 'a\0', 'a\0-1', '__proto__', 'quarantined\ns-1', 'filtered\ns-1'],
]

describe('packed id', () => {
  it('is the same for the same text', () => {
    for (const text of ALIKE) expect(packId(text)).toEqual(packId(text))
  })

  it('differs for texts that look alike', () => {
    const byPacked = Map.groupBy(ALIKE, (text) => textOf(packId(text)))
    expect([...byPacked.values()].filter((texts) => texts.length > 1)).toEqual([])
  })

  // Two hashes of one function with neighbouring seeds depend on each other: where one agrees, mostly the other does too.
  it('has two halves that are independent of each other', () => {
    const texts = [
      'aaaaaaaa17jisaVp',
      'aaaaaaaa2ae0he50',
      'aaaaaaaa2gupqJlk',
      'aaaaaaaa2zoow2]E',
      'aaaaaaaa3376:z[F',
    ]
    expect(new Set(texts.map((text) => textOf(packId(text)))).size).toBe(texts.length)
  })

  it('comes back from bytes, at any offset', () => {
    const ids = ALIKE.map((text) => packId(text))
    const bytes = encodeIds(ids)
    const moved = new Uint8Array(bytes.length + 7)
    moved.set(bytes, 3)
    expect(decodeIds(moved.subarray(3, 3 + bytes.length))).toEqual(ids)
    expect(decodeIds(encodeIds([]))).toEqual([])
  })

  it('is refused when bytes are missing', () => {
    expect(() => decodeIds(encodeIds([packId('a')]).subarray(1))).toThrow(RangeError)
  })
})

describe('set of ids', () => {
  it('has what was added and nothing else, through growth', () => {
    const ids = createEventIds()
    const known = new Set<string>()
    const random = createRandom(3)
    const texts = Array.from({ length: 12_000 }, (_, i) =>
      i % 2 === 0 ? `stream${Math.floor(random() * 40)}-${Math.floor(random() * 400)}` : `id ${random()}`,
    )
    for (const [index, text] of texts.entries()) {
      const id = packId(text)
      if (ids.has(id) !== known.has(text)) expect([index, text]).toEqual([])
      if (index % 3 !== 0) continue
      ids.add(id, Math.floor(index / 3_000))
      known.add(text)
    }
    expect(texts.filter((text) => ids.has(packId(text)) !== known.has(text))).toEqual([])
  })

  it('keeps 32 numbered neighbours in one entry', () => {
    const ids = createEventIds()
    for (let seq = 0; seq < 64; seq++) ids.add(packId(`s-${seq}`), 1)
    expect(ids.size()).toBe(2)
    ids.add(packId('s-5'), 1)
    expect(ids.size()).toBe(2)
  })

  it('knows the 32nd neighbour, whose bit is the sign', () => {
    const ids = createEventIds()
    ids.add(packId('s-31'), 1)
    expect([ids.has(packId('s-31')), ids.has(packId('s-30')), ids.has(packId('s-63'))]).toEqual([
      true,
      false,
      false,
    ])
  })

  it('forgets generations, oldest first, and only them', () => {
    const ids = createEventIds()
    for (const generation of [3, 4, 7]) ids.add(packId(`in ${generation}`), generation)
    // A neighbour that came later is forgotten later.
    ids.add(packId('s-1'), 3)
    ids.add(packId('s-2'), 7)
    ids.forgetBefore(4)
    expect(ids.generations()).toEqual([4, 7])
    expect(['in 3', 'in 4', 'in 7', 's-1', 's-2'].map((text) => ids.has(packId(text)))).toEqual([
      ...[false, true, true],
      ...[false, true],
    ])
    ids.forgetBefore(8)
    expect([ids.size(), ids.generations()]).toEqual([0, []])
  })

  it('is not slowed down by ids that were made to share a place', { timeout: 5_000 }, () => {
    // The same lower 20 bits, as anyone can make them who knows the hash.
    const crowd = Array.from({ length: 30_000 }, (_, i) => ({
      high: i,
      low: (((i % 4_096) << 20) | 0x45678) >>> 0,
      bit: 0,
    }))
    const spread = crowd.map((_, i) => packId(`spread ${i}`))
    const [fast, slow] = [spread, crowd].map((some) => {
      const ids = createEventIds()
      const begun = performance.now()
      for (const id of some) ids.add(id, 1)
      return performance.now() - begun
    }) as [number, number]
    expect(slow).toBeLessThan(20 * fast + 100)
  })
})
