import { describe, expect, it } from 'vitest'
import { isWebhookAddress } from './webhook-address.ts'

describe('isWebhookAddress', () => {
  it.each([
    ['https://ops.example/hook', true],
    ['http://127.0.0.1:80/', true],
    ['http://localhost/', true],
    ['http://[::1]/', true],
    ['http://ops.example/hook', false],
    ['http://localhost.example/', false],
    ['https://me:you@ops.example/', false],
    ['file:///etc/passwd', false],
    ['', false],
  ])('%s: %j', (address, expected) => {
    expect(isWebhookAddress(address)).toBe(expected)
  })
})
