import { expect, test } from 'vitest'
import { findRefusal, isLoopback } from './guard.ts'

test.each([
  ['127.0.0.1', true],
  ['127.8.8.8', true],
  ['::1', true],
  ['[::1]', true],
  ['localhost', true],
  ['app.localhost', true],
  ['0.0.0.0', false],
  ['192.168.0.1', false],
  ['127.0.0.1.evil.example', false],
  ['localhost.evil.example', false],
  ['', false],
])('host %s is loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected)
})

test.each([
  ['curl', { host: '127.0.0.1:8123' }],
  ['IPv6', { host: '[::1]:8123' }],
  ['HTTP/1.0 without Host', {}],
  ['a page of this machine', { host: 'localhost:8123', origin: 'http://localhost:8787' }],
  ['a typed address', { host: 'localhost:8123', 'sec-fetch-site': 'none' }],
  ['the Worker beside it', { host: '127.0.0.1:8123', 'sec-fetch-site': 'same-origin' }],
])('guard lets %s in', (_, headers) => {
  expect(findRefusal(headers)).toBeUndefined()
})

test.each([
  ['a rebound name', { host: 'evil.example:8123' }, 'Host: evil.example:8123'],
  [
    'a page from elsewhere',
    { host: '127.0.0.1', origin: 'https://evil.example' },
    'Origin: https://evil.example',
  ],
  ['a sandboxed page', { host: '127.0.0.1', origin: 'null' }, 'Origin: null'],
  [
    'an image on a page from elsewhere',
    { host: '127.0.0.1', 'sec-fetch-site': 'cross-site' },
    'another web site',
  ],
])('guard refuses %s', (_, headers, reason) => {
  expect(findRefusal(headers)).toContain(reason)
})
