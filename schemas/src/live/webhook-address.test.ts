import { describe, expect, it } from 'vitest'
import { isWebhookAddress } from './webhook-address.ts'

describe('isWebhookAddress', () => {
  it.each([
    'https://ops.example/hook',
    'https://ops.example.:8443/hook?key=1#part',
    'https://8.8.8.8/',
    'https://172.32.0.1/',
    'https://100.128.0.1/',
    'https://[2606:4700::1111]/',
    'https://10.example/',
    'https://local.example/',
    // This machine, for development.
    'http://127.0.0.1:80/',
    'http://localhost/',
    'https://localhost:8443/',
    'http://[::1]/',
    'http://2130706433/',
  ])('takes %s', (address) => expect(isWebhookAddress(address)).toBe(true))

  it.each([
    'http://ops.example/hook',
    'http://localhost.example/',
    'https://me:you@ops.example/',
    'https://ops.example@10.0.0.1/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/plain,x',
    'ws://ops.example/',
    'ops.example/hook',
    '',
    undefined,
    { href: 'https://ops.example/' },
  ])('refuses %j', (address) => expect(isWebhookAddress(address)).toBe(false))

  it.each([
    // Metadata of clouds, however it is written.
    'https://169.254.169.254/latest/meta-data/',
    'https://2852039166/',
    'https://0xA9FEA9FE/',
    'https://0251.0376.0251.0376/',
    'https://169.254.43518/',
    'https://%31%36%39.254.169.254/',
    'https://169。254。169。254/',
    'https://[::ffff:169.254.169.254]/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'https://[2002:a9fe:a9fe::1]/',
    'https://[fd00:ec2::254]/',
    'https://metadata.google.internal/computeMetadata/v1/',
    'https://METADATA.google.INTERNAL./',
    // Networks of one's own.
    'https://10.0.0.1/',
    'https://172.16.0.1/',
    'https://172.31.255.255/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://198.19.0.1/',
    'https://0.0.0.0/',
    'https://0/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://[::]/',
    'https://[fe80::1]/',
    'https://[fc00::1]/',
    'https://[ff02::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[2001:0:a00:1::]/',
    'https://intranet/',
    'https://printer.local/',
    'https://app.localhost/',
    'https://router.home.arpa/',
    'http://127.0.0.1.nip.io/',
    'http://10.0.0.1/',
  ])('refuses %s, which is inside', (address) => expect(isWebhookAddress(address)).toBe(false))
})
