/** CRC-32 as zlib and PNG have it (ISO 3309, polynomial 0xEDB88320): finds every flip of up to 32 neighbouring bits. */

import * as zlib from 'node:zlib'

/** Checksum of bytes, 0 to 2^32 - 1. */
export type Crc32 = (data: Uint8Array) => number

/** The platform's where it has one (Node 20.15, 22.2 and newer), else {@link tableCrc32}. */
export const crc32: Crc32 = pickCrc32(zlib)

/** The `crc32` of a zlib module, if there is one. Typed loosely because older platforms lack it. */
export function pickCrc32(platform: { crc32?: unknown }): Crc32 {
  const { crc32: native } = platform
  return typeof native === 'function' ? (data) => native(data) as number : tableCrc32
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/** The same in JavaScript. */
export function tableCrc32(data: Uint8Array): number {
  let value = 0xffffffff
  for (let index = 0; index < data.length; index += 1) {
    value = (value >>> 8) ^ (TABLE[(value ^ (data[index] ?? 0)) & 0xff] ?? 0)
  }
  return ~value >>> 0
}
