import { expect, it } from 'vitest'
import { importHashKey, keyedHash } from './keyed-hash.ts'

it('a keyed hash is that of RFC 4231, test case 2', async () => {
  const hash = await keyedHash(await importHashKey('Jefe'), 'what do ya want for nothing?')
  expect(hash).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
})

it('a key cannot be read back', async () => {
  const key = await importHashKey(new Uint8Array(32))
  await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow()
})
