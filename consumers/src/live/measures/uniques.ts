/**
 * How many different values there were: the values' hashes while they are few, then HyperLogLog. Order and grouping of what is
 * added change nothing, to the bit. Sources: Flajolet et al. 2007 (registers), Ertl 2017, "New cardinality estimation
 * algorithms for HyperLogLog sketches", algorithm 6 (estimate without bias tables).
 *
 * Not a library: those there are for JavaScript hash to 32 bits, know no sparse form, or need Node's `Buffer`.
 */

import murmurhash from 'murmurhash'

/** Bits that choose the register: 4,096 of them, a standard error of 1.04 / 64 = 1.6 %. */
const INDEX_BITS = 12
const REGISTERS = 2 ** INDEX_BITS

/** Bits of a hash after those: a double holds 53 in all. */
const LOW_BITS = 21
const RANK_BITS = 32 - INDEX_BITS + LOW_BITS

/** Different values that are kept as they are: a fifth of the bytes of all registers, and exact. */
export const MAX_EXACT = 256

/** Of 53 bits each, or as registers; never both. */
export interface Uniques {
  hashes: Set<number> | undefined
  registers: Uint8Array | undefined
}

/** As JSON: hashes in ascending order, or the registers in base64. */
export type EncodedUniques = number[] | string

export function createUniques(): Uniques {
  return { hashes: new Set(), registers: undefined }
}

/** Hash of a value: 53 bits, of two 32-bit hashes. */
export function hashValue(text: string): number {
  return murmurhash.v3(text, 1) * 2 ** LOW_BITS + (murmurhash.v3(text, 2) >>> (32 - LOW_BITS))
}

/** Adds a value by its hash. */
export function addHash(uniques: Uniques, hash: number): void {
  const { hashes } = uniques
  if (hashes === undefined) {
    raise(uniques.registers as Uint8Array, hash)
  } else {
    hashes.add(hash)
    if (hashes.size > MAX_EXACT) condense(uniques, hashes)
  }
}

/** Adds all of another; that one stays as it is. */
export function mergeUniques(into: Uniques, { hashes, registers }: Uniques): void {
  if (hashes !== undefined) {
    for (const hash of hashes) addHash(into, hash)
    return
  }
  if (into.hashes !== undefined) condense(into, into.hashes)
  const target = into.registers as Uint8Array
  const source = registers as Uint8Array
  for (let i = 0; i < REGISTERS; i++) {
    const rank = source[i] as number
    if (rank > (target[i] as number)) target[i] = rank
  }
}

/** How many there were; a whole number. */
export function countUniques({ hashes, registers }: Uniques): number {
  return hashes === undefined ? Math.round(estimate(registers as Uint8Array)) : hashes.size
}

export function encodeUniques({ hashes, registers }: Uniques): EncodedUniques {
  if (hashes !== undefined) return [...hashes].sort((a, b) => a - b)
  return btoa(String.fromCharCode(...(registers as Uint8Array)))
}

export function decodeUniques(encoded: EncodedUniques): Uniques {
  if (typeof encoded !== 'string') {
    const uniques = createUniques()
    for (const hash of encoded) addHash(uniques, hash)
    return uniques
  }
  return { hashes: undefined, registers: Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0)) }
}

function condense(uniques: Uniques, hashes: ReadonlySet<number>): void {
  const registers = new Uint8Array(REGISTERS)
  for (const hash of hashes) raise(registers, hash)
  uniques.hashes = undefined
  uniques.registers = registers
}

/** A register holds the largest number of leading zeros, plus one, that the rest of a hash had. */
function raise(registers: Uint8Array, hash: number): void {
  const high = Math.floor(hash / 2 ** LOW_BITS)
  const low = hash % 2 ** LOW_BITS
  const index = high >>> (32 - INDEX_BITS)
  const rest = high & (2 ** (32 - INDEX_BITS) - 1)
  const rank =
    rest === 0 ? 32 - INDEX_BITS + Math.clz32(low) - (32 - LOW_BITS) + 1 : Math.clz32(rest) - INDEX_BITS + 1
  if (rank > (registers[index] as number)) registers[index] = rank
}

function estimate(registers: Uint8Array): number {
  const counts = new Array<number>(RANK_BITS + 2).fill(0)
  for (const rank of registers) counts[rank] = (counts[rank] as number) + 1
  let z = REGISTERS * tau(1 - (counts[RANK_BITS + 1] as number) / REGISTERS)
  for (let rank = RANK_BITS; rank >= 1; rank--) z = 0.5 * (z + (counts[rank] as number))
  z += REGISTERS * sigma((counts[0] as number) / REGISTERS)
  return REGISTERS ** 2 / (2 * Math.LN2) / z
}

function sigma(start: number): number {
  if (start === 1) return Number.POSITIVE_INFINITY
  let [x, y, z, before] = [start, 1, start, Number.NaN]
  while (z !== before) {
    x *= x
    before = z
    z += x * y
    y += y
  }
  return z
}

function tau(start: number): number {
  if (start === 0 || start === 1) return 0
  let [x, y, z, before] = [start, 1, 1 - start, Number.NaN]
  while (z !== before) {
    x = Math.sqrt(x)
    before = z
    y *= 0.5
    z -= (1 - x) ** 2 * y
  }
  return z / 3
}
