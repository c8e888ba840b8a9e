import { describe, expect, test } from 'vitest'
import { createFakeStorage } from './fakes.ts'
import { createIdentity } from './identity.ts'
import { createStore } from './store.ts'

describe('identity', () => {
  test('is the same on the next page', () => {
    const storage = createFakeStorage()
    const first = createIdentity(createStore(() => storage))
    first.identify('user-1')
    const second = createIdentity(createStore(() => storage))
    expect(second.ids).toEqual({ userId: 'user-1', anonymousId: first.ids.anonymousId })
  })

  test('starts with a random anonymous id', () => {
    const { anonymousId, userId } = createIdentity(createStore(createFakeStorage)).ids
    expect(anonymousId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(userId).toBeUndefined()
  })

  test('is forgotten by reset, for later pages too', () => {
    const storage = createFakeStorage()
    const identity = createIdentity(createStore(() => storage))
    identity.identify('user-1')
    const before = { ...identity.ids }
    identity.reset()
    expect(identity.ids.userId).toBeUndefined()
    expect(identity.ids.anonymousId).not.toBe(before.anonymousId)
    expect(createIdentity(createStore(() => storage)).ids).toEqual(identity.ids)
  })

  test('lives in memory where storage is refused', () => {
    const identity = createIdentity(createStore(() => createFakeStorage({ isRefused: true })))
    identity.identify('user-1')
    expect(identity.ids).toEqual({ userId: 'user-1', anonymousId: expect.any(String) })
    identity.reset()
    expect(identity.ids.userId).toBeUndefined()
  })
})
