import { expect, it } from 'vitest'
import { isLoopbackHost } from './loopback.ts'

it.each([
  ['http://localhost:8787', true],
  ['http://127.0.0.1', true],
  ['http://127.1', true],
  ['http://2130706433', true],
  ['http://127.255.0.9', true],
  ['http://[::1]:80', true],
  ['http://[0:0:0:0:0:0:0:1]', true],
  ['http://localhost.example', false],
  ['http://127.0.0.1.example', false],
  ['http://127.example', false],
  ['http://128.0.0.1', false],
  ['http://[::2]', false],
])('%s: %s', (url, expected) => expect(isLoopbackHost(new URL(url).hostname)).toBe(expected))
