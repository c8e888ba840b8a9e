/** The hash is the one that ClickHouse makes; a journey holds the two together over stored rows. */

import { describe, expect, it } from 'vitest'
import { forgottenHash, forgottenHashSql } from './forgotten.ts'

describe('the hash of a forgotten id', () => {
  it('is the SHA-256 of kind, line feed and id', async () => {
    // printf 'user\nu1' | sha256sum
    const expected = 'ce8f9ec0d078651dafa6df4cbdd9e439c48bd8dc45bc96748562ba5aea9aaa27'
    expect(await forgottenHash('user', 'u1')).toBe(expected)
    expect(await forgottenHash('anonymous', 'u1')).not.toBe(expected)
  })

  it('is of the bytes of UTF-8', async () => {
    expect(await forgottenHash('user', 'ü')).toBe(
      '87fcd17c09b4d68cde620edd9c42349340b880d94ee6301f08bc90967fbde2dd',
    )
  })

  it('has its expression in SQL, with the line feed escaped', () => {
    expect(forgottenHashSql('user', 'user_id')).toBe(
      String.raw`lower(hex(SHA256(concat('user\n', user_id))))`,
    )
  })
})
