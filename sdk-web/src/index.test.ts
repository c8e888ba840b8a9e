import { describe, expect, test } from 'vitest'
import { createMillrace } from './index.ts'

describe('on a server', () => {
  test('a client does nothing', async () => {
    const before = Object.keys(globalThis)
    const client = createMillrace({ writeKey: 'key', endpoint: 'https://events.example.com' })
    client.track('A', { b: 1 })
    client.page('Name')
    client.identify('user')
    client.reset()
    await client.flush()
    expect(client.dropped).toEqual({})
    expect(Object.keys(globalThis)).toEqual(before)
  })

  test('a wrong option is an error all the same', () => {
    expect(() => createMillrace({ writeKey: '', endpoint: '/' })).toThrow(
      'writeKey must be a non-empty string, got ""',
    )
  })
})
