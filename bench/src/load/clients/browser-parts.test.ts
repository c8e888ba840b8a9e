import { expect, test } from 'vitest'
import { createLocks, createStorage } from './browser-parts.ts'

test('storage lists its keys and nothing else', () => {
  const storage = createStorage() as Storage
  storage.setItem('millrace.a', '1')
  storage.setItem('b', '2')
  storage.removeItem('b')
  expect(Object.keys(storage)).toEqual(['millrace.a'])
  expect([storage.getItem('millrace.a'), storage.getItem('b')]).toEqual(['1', null])
})

test('a lock is held by one page, and free when that is gone', async () => {
  const locks = createLocks()
  const [first, second] = [locks.openPage(), locks.openPage()]
  const got: string[] = []
  void first.request('stream', { ifAvailable: true }, (lock) => {
    got.push(`first ${lock !== null}`)
    return new Promise(() => {})
  })
  await second.request('stream', { ifAvailable: true }, (lock) => got.push(`second ${lock !== null}`))
  first.close()
  await second.request('stream', { ifAvailable: true }, (lock) => got.push(`second ${lock !== null}`))
  expect(got).toEqual(['first true', 'second false', 'second true'])
})

test('turns come one after the other', async () => {
  const page = createLocks().openPage()
  const order: string[] = []
  const take = (name: string) =>
    page.request('turn', {}, async () => {
      order.push(`${name} begins`)
      await new Promise((resolve) => setTimeout(resolve, 5))
      order.push(`${name} ends`)
    })
  await Promise.all([take('a'), take('b')])
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
})
