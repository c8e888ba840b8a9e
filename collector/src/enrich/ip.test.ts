import { describe, expect, it } from 'vitest'
import { applyIpPolicy } from './ip.ts'

describe('applyIpPolicy', () => {
  it.each([
    ['203.0.113.77', '203.0.113.77', '203.0.113.0'],
    ['0.0.0.0', '0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255', '255.255.255.0'],
    ['2001:db8:85a3:8d3:1319:8a2e:370:7348', '2001:db8:85a3:8d3:1319:8a2e:370:7348', '2001:db8:85a3::'],
    ['2001:0DB8:0000:0000:0000:0000:0000:0001', '2001:db8::1', '2001:db8::'],
    ['2001:db8::1', '2001:db8::1', '2001:db8::'],
    ['::1', '::1', '::'],
    ['::', '::', '::'],
    ['::ffff:203.0.113.77', '203.0.113.77', '203.0.113.0'],
    ['::FFFF:cb00:714d', '203.0.113.77', '203.0.113.0'],
    // NAT64 has the IPv4 address at the end, where it is cut off.
    ['64:ff9b::203.0.113.77', '64:ff9b::cb00:714d', '64:ff9b::'],
    // 6to4 has it within the /48.
    ['2002:cb00:714d::1', '2002:cb00:714d::1', '2002:cb00:7100::'],
  ])('keeps %s as %s, cuts it to %s, drops it', (ip, kept, cut) => {
    expect(applyIpPolicy(ip, 'keep')).toBe(kept)
    expect(applyIpPolicy(ip, 'truncate')).toBe(cut)
    expect(applyIpPolicy(ip, 'drop')).toBeUndefined()
  })

  it.each([
    '',
    ' ',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '256.0.0.1',
    '-1.0.0.1',
    '01.2.3.4',
    '0x7f.0.0.1',
    '3405803853',
    '1.2.3.4:80',
    ' 1.2.3.4',
    '1.2.3.4/24',
    '1.2.3.4, 5.6.7.8',
    ':::',
    '1::2::3',
    '12345::',
    'g::1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '[::1]',
    'fe80::1%eth0',
    '::ffff:1.2.3.256',
    'localhost',
    'unknown',
    '1:'.repeat(5_000),
    '1'.repeat(10_000),
    '١.٢.٣.٤',
  ])('gives nothing for %j under any policy', (ip) => {
    for (const policy of ['keep', 'truncate', 'drop'] as const)
      expect(applyIpPolicy(ip, policy)).toBeUndefined()
  })
})
