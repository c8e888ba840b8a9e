import { expect, test } from 'vitest'
import { createMessageReader } from './http-messages.ts'

const STREAM = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello' +
    'HTTP/1.1 204 No Content\r\ncontent-length:0\r\n\r\n' +
    'HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 11\r\n\r\n\r\n\r\nin body',
)

test('message reader finds the same messages however the bytes are cut', () => {
  for (let size = 1; size <= STREAM.length; size++) {
    const found: string[][] = []
    const read = createMessageReader('keep', (head, body) => found.push([head.slice(9, 12), body.toString()]))
    for (let at = 0; at < STREAM.length; at += size) read(STREAM.subarray(at, at + size))
    expect(found, `chunks of ${size}`).toEqual([
      ['200', 'hello'],
      ['204', ''],
      ['200', '\r\n\r\nin body'],
    ])
  }
})

test('message reader skips bodies when asked', () => {
  const bodies: string[] = []
  createMessageReader('skip', (_head, body) => bodies.push(body.toString()))(STREAM)
  expect(bodies).toEqual(['', '', ''])
})

test('message reader refuses a message of unknown length', () => {
  const read = createMessageReader('keep', () => {})
  expect(() => read(Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'))).toThrow(
    'a message without Content-Length',
  )
})
