import * as zlib from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pickCrc32, tableCrc32 } from './crc32.ts'

describe('crc32', () => {
  it('the table gives the check value of the specification', () => {
    expect(tableCrc32(Buffer.from('123456789'))).toBe(0xcbf43926)
  })

  it('the table and the platform agree on any bytes', () => {
    const native = pickCrc32(zlib)
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (data) => tableCrc32(data) === native(data)))
  })

  it('a platform without one gets the table', () => {
    expect(pickCrc32({})).toBe(tableCrc32)
  })
})
