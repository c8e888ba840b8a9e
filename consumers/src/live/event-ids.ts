/**
 * Which events are counted already. Ids are 64-bit hashes in tables of typed arrays; up to 32 events that are numbered one after
 * the other (`<stream>-<seq>`) share one entry of 12 bytes. Pure.
 */

import { createHash } from 'node:crypto'

/** An id as it is packed: hash in two halves, and which of 32 neighbours it is. */
export interface PackedId {
  high: number
  low: number
  bit: number
}

/** Bytes of a packed id: two halves and the bit. */
const ID_BYTES = 9

/** Ends in a number without leading zeros, as many digits as doubles hold. */
const NUMBERED = /^(.+)-(0|[1-9]\d{0,14})$/s

/** Numbers that share an entry. */
const NEIGHBOURS = 32

/**
 * A packed id of a text. The same text and kind always give the same; others differ but for a chance of 2^-64.
 *
 * @param kind keeps ids of another kind apart. Default: that of events
 */
export function packId(text: string, kind = ''): PackedId {
  const [, stream, number] = NUMBERED.exec(text) ?? []
  if (stream === undefined) return { ...hash(`${kind}\nwhole\n${text}`), bit: 0 }
  const seq = Number(number)
  return { ...hash(`${kind}\n${Math.floor(seq / NEIGHBOURS)}\n${stream}`), bit: seq % NEIGHBOURS }
}

/** Ids as bytes, one after the other. */
export function encodeIds(ids: readonly PackedId[]): Uint8Array {
  const bytes = new Uint8Array(ids.length * ID_BYTES)
  const view = new DataView(bytes.buffer)
  ids.forEach(({ high, low, bit }, index) => {
    view.setUint32(index * ID_BYTES, high)
    view.setUint32(index * ID_BYTES + 4, low)
    view.setUint8(index * ID_BYTES + 8, bit)
  })
  return bytes
}

/**
 * Ids of {@link encodeIds}.
 *
 * @throws RangeError when the bytes are not whole ids
 */
export function decodeIds(bytes: Uint8Array): PackedId[] {
  if (bytes.byteLength % ID_BYTES !== 0) throw new RangeError(`ids are ${ID_BYTES} bytes each`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.byteLength / ID_BYTES }, (_, index) => ({
    high: view.getUint32(index * ID_BYTES),
    low: view.getUint32(index * ID_BYTES + 4),
    bit: view.getUint8(index * ID_BYTES + 8) % NEIGHBOURS,
  }))
}

/** A set of ids, in generations by when they came, of which the oldest is forgotten first. */
export interface EventIds {
  has: (id: PackedId) => boolean
  /** Adds to the generation; generations must not go back. */
  add: (id: PackedId, generation: number) => void
  /** Forgets all of generations before this one. */
  forgetBefore: (generation: number) => void
  /** Entries: at most one for each id. */
  size: () => number
  /** Those of one generation. */
  sizeOf: (generation: number) => number
  /** The generations that are held, oldest first. */
  generations: () => number[]
}

/** No ids. */
export function createEventIds(): EventIds {
  const tables = new Map<number, IdTable>()
  const newest = () => [...tables.values()].reverse()
  return {
    has: (id) => newest().some((table) => table.has(id)),
    add(id, generation) {
      let table = tables.get(generation)
      if (table === undefined) {
        table = createIdTable()
        tables.set(generation, table)
      }
      table.add(id)
    },
    forgetBefore(generation) {
      for (const known of [...tables.keys()]) if (known < generation) tables.delete(known)
    },
    size: () => newest().reduce((sum, table) => sum + table.size(), 0),
    sizeOf: (generation) => tables.get(generation)?.size() ?? 0,
    generations: () => [...tables.keys()],
  }
}

interface IdTable {
  has: (id: PackedId) => boolean
  add: (id: PackedId) => void
  size: () => number
}

const FIRST_SLOTS = 1_024

/**
 * Open addressing, at most three quarters full. A slot without bits is empty. Which slot it is depends on numbers that nobody
 * knows: ids are made by clients, and could be chosen to meet in one.
 */
function createIdTable(): IdTable {
  const [a = 0, b = 0] = crypto.getRandomValues(new Uint32Array(2))
  const [factorHigh, factorLow] = [a | 1, b | 1]
  let slots = FIRST_SLOTS
  let highs = new Uint32Array(slots)
  let lows = new Uint32Array(slots)
  let bits = new Uint32Array(slots)
  let size = 0

  const find = (high: number, low: number): number => {
    // Multiplied, the high bits are the ones that all bits reach.
    let slot =
      (Math.imul(high, factorHigh) ^ Math.imul(low ^ (high >>> 15), factorLow)) >>> (32 - Math.log2(slots))
    while (bits[slot] !== 0 && (highs[slot] !== high || lows[slot] !== low)) slot = (slot + 1) & (slots - 1)
    return slot
  }
  const put = (high: number, low: number, mask: number): void => {
    const slot = find(high, low)
    if (bits[slot] === 0) size += 1
    highs[slot] = high
    lows[slot] = low
    bits[slot] = (bits[slot] as number) | mask
  }
  const grow = (): void => {
    const before = { highs, lows, bits }
    slots *= 2
    highs = new Uint32Array(slots)
    lows = new Uint32Array(slots)
    bits = new Uint32Array(slots)
    size = 0
    before.bits.forEach((mask, slot) => {
      if (mask !== 0) put(before.highs[slot] as number, before.lows[slot] as number, mask)
    })
  }
  return {
    has: ({ high, low, bit }) => ((bits[find(high, low)] as number) & (1 << bit)) !== 0,
    add({ high, low, bit }) {
      if (size * 4 > slots * 3) grow()
      put(high, low, 1 << bit)
    },
    size: () => size,
  }
}

/** Of two halves that have nothing to do with each other, whatever the texts. */
function hash(text: string): { high: number; low: number } {
  const digest = createHash('sha256').update(text).digest()
  const view = new DataView(digest.buffer, digest.byteOffset)
  return { high: view.getUint32(0), low: view.getUint32(4) }
}
