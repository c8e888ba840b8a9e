import { describe, expect, it } from 'vitest'
import { checkRate } from './rate-limits.ts'

/** The key under which a client is counted. */
async function keyOf(address: string): Promise<string | undefined> {
  const keys: string[] = []
  const limit = async ({ key }: { key: string }) => {
    keys.push(key)
    return { success: true }
  }
  await checkRate({ byClient: { limit }, bySource: undefined }, 'shop', address, () => {})
  return keys[0]
}

describe('a client', () => {
  it.each([
    ['203.0.113.77', '203.0.113.77'],
    ['::ffff:203.0.113.77', '203.0.113.77'],
    ['2001:db8:1:2::1', '2001:db8:1:2::'],
    ['2001:0db8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::'],
    ['2001:DB8:1:3::1', '2001:db8:1:3::'],
    ['::1', '::'],
    ['no:address', 'no:address'],
    ['', ''],
  ])('at %s is counted as %s', async (address, expected) => {
    expect(await keyOf(address)).toBe(`shop ${expected}`)
  })

  it('is over its limit with all addresses of its /64 together', async () => {
    const counts = new Map<string, number>()
    const byClient = {
      async limit({ key }: { key: string }) {
        const count = (counts.get(key) ?? 0) + 1
        counts.set(key, count)
        return { success: count <= 2 }
      },
    }
    const check = (address: string) => checkRate({ byClient, bySource: undefined }, 'shop', address, () => {})
    const outcomes = [await check('2001:db8::1'), await check('2001:db8::2'), await check('2001:db8::3')]
    expect(outcomes).toEqual([undefined, undefined, 'client'])
    expect(await check('2001:db8:0:1::1')).toBeUndefined()
  })
})
