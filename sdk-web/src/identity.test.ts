import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createVerbs } from './client.ts'
import { writeIdCookie } from './cookie.ts'
import { createFakeCookieJar, type FakeCookieJar } from './fake-cookies.ts'
import { createFakeStorage } from './fakes.ts'
import { createIdentity } from './identity.ts'
import { createStore } from './store.ts'

const NOW_MS = Date.UTC(2026, 0, 1)

/** A browser, and the pages of one site in it. */
function setUp() {
  const storage = createFakeStorage()
  const jar = createFakeCookieJar()
  return { storage, jar, open: () => openPage(jar, storage) }
}

function openPage(
  jar: FakeCookieJar,
  storage: Storage,
  { url = 'https://shop.example.com/', isSandboxed = false, isOpen = true } = {},
) {
  const store = createStore(
    () => storage,
    () => isOpen,
  )
  const identity = createIdentity(
    store,
    jar.open(url, isSandboxed),
    () => isOpen,
    () => NOW_MS,
  )
  const nothing = () => {}
  const verbs = createVerbs({ ...identity, record: nothing, finish: nothing }, nothing, nothing)
  return { ...identity, verbs, id: () => identity.person().anonymousId }
}

describe('identity', () => {
  test('is nobody until storage is asked, and then has a random id', () => {
    const page = setUp().open()
    expect(page.person()).toEqual({})
    page.sync()
    expect(page.person()).toEqual({ anonymousId: expect.stringMatching(/^\w{16}$/) })
  })

  test('keeps what two windows say, each of something else', () => {
    const { open } = setUp()
    const [first, second] = [open(), open()]
    first.sync()
    second.sync()
    first.change({ userId: 'ada' })
    first.save()
    second.change({ groupId: 'g1' })
    second.save()
    const third = open()
    third.sync()
    expect(third.person()).toMatchObject({ userId: 'ada', groupId: 'g1' })
  })

  test('is the same on the next page', () => {
    const { open } = setUp()
    const first = open()
    first.sync()
    first.change({ userId: 'user-1', groupId: 'group-1', traits: { plan: 'pro' } })
    first.save()
    const second = open()
    second.sync()
    expect(second.person()).toEqual(first.person())
    expect(second.person()).toMatchObject({ userId: 'user-1', groupId: 'group-1', traits: { plan: 'pro' } })
  })

  test('is healed from the cookie when storage is lost, and from storage when the cookie is', () => {
    const { open, jar, storage } = setUp()
    const first = open()
    first.sync()
    storage.removeItem('millrace.person')
    const second = open()
    second.sync()
    expect(second.id()).toBe(first.id())
    writeIdCookie(jar.open('https://shop.example.com/'), undefined, 0)
    expect(jar.list()).toEqual([])
    const third = open()
    third.sync()
    expect(third.id()).toBe(first.id())
    expect(jar.list()).toHaveLength(1)
    expect(storage.getItem('millrace.person')).toContain(first.id())
  })

  test('is that of the cookie where storage says another, for hosts of one site share it', () => {
    const { open, jar, storage } = setUp()
    const here = open()
    here.sync()
    const elsewhere = openPage(jar, createFakeStorage(), { url: 'https://www.example.com/' })
    elsewhere.sync()
    expect(elsewhere.id()).toBe(here.id())
    elsewhere.change({ anonymousId: 'other' })
    elsewhere.save()
    const next = openPage(jar, storage)
    next.sync()
    expect(next.id()).toBe('other')
  })

  test('is what was said before storage could be asked, with what was stored beside it', () => {
    const { open } = setUp()
    const before = open()
    before.sync()
    before.change({ userId: 'user-1', groupId: 'group-1' })
    before.save()
    const page = open()
    page.change({ userId: 'user-2' })
    page.sync()
    expect(page.person()).toEqual({ anonymousId: before.id(), userId: 'user-2', groupId: 'group-1' })
  })

  test('completes the person of an event by what was stored, not by what was said later', () => {
    const { open } = setUp()
    const before = open()
    before.sync()
    before.change({ userId: 'user-1' })
    before.save()
    const page = open()
    const early = page.person()
    page.change({ userId: 'user-2' })
    const late = page.person()
    page.sync()
    expect(page.complete(early)).toEqual({ anonymousId: before.id(), userId: 'user-1' })
    expect(page.complete(late)).toEqual({ anonymousId: before.id(), userId: 'user-2' })
    const known = page.person()
    page.change({ userId: 'user-3' })
    expect(page.complete(known)).toEqual(known)
  })

  test('completes a person whose anonymous id alone was said', () => {
    const { open } = setUp()
    const before = open()
    before.sync()
    before.change({ userId: 'user-1' })
    before.save()
    const page = open()
    page.verbs.setAnonymousId('own')
    const person = page.person()
    page.sync()
    expect(page.complete(person)).toEqual({ anonymousId: 'own', userId: 'user-1' })
    expect(page.person()).toEqual({ anonymousId: 'own', userId: 'user-1' })
  })

  test('never changes a person in place', () => {
    const page = setUp().open()
    page.sync()
    const before = page.person()
    const copy = structuredClone(before)
    page.change({ userId: 'user-1' })
    page.sync()
    expect(before).toEqual(copy)
  })

  test('is written only when it has changed', () => {
    const { open, jar } = setUp()
    const page = open()
    page.sync()
    const { length } = jar.writes
    page.save()
    expect(jar.writes).toHaveLength(length)
    page.change({ anonymousId: 'other' })
    page.save()
    expect(jar.writes.length).toBeGreaterThan(length)
  })

  test('leaves nothing when it is forgotten', () => {
    const { open, jar, storage } = setUp()
    const page = open()
    page.sync()
    page.forget()
    storage.removeItem('millrace.person')
    page.save()
    expect([jar.list(), Object.keys(storage), page.person()]).toEqual([[], [], {}])
  })

  test('neither reads nor writes where nothing may be stored, and stays the same', () => {
    const { jar, storage } = setUp()
    const page = openPage(jar, storage, { isOpen: false })
    page.sync()
    page.change({ userId: 'user-1' })
    page.save()
    const { anonymousId } = page.person()
    page.sync()
    expect(page.person()).toEqual({ anonymousId, userId: 'user-1' })
    expect([jar.writes, Object.keys(storage)]).toEqual([[], []])
  })
})

describe('tabs', () => {
  function openTwo() {
    const { open } = setUp()
    const [one, other] = [open(), open()]
    one.sync()
    other.sync()
    return { one, other }
  }

  test('learn from each other who the visitor is', () => {
    const { one, other } = openTwo()
    expect(other.id()).toBe(one.id())
    one.change({ userId: 'user-1' })
    one.save()
    other.sync()
    expect(other.person()).toEqual(one.person())
  })

  test('learn from each other that the visitor was forgotten', () => {
    const { one, other } = openTwo()
    one.change({ userId: 'user-1', groupId: 'group-1', traits: { plan: 'pro' } })
    one.save()
    other.sync()
    one.verbs.reset()
    one.save()
    other.sync()
    expect(other.person().anonymousId).toBe(one.id())
    expect([other.person().userId, other.person().groupId, other.person().traits]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    one.sync()
    expect(one.person().userId).toBeUndefined()
  })

  test('do not undo what the other is about to write', () => {
    const { one, other } = openTwo()
    one.change({ userId: 'user-1' })
    one.save()
    other.change({ userId: 'user-2' })
    other.sync()
    expect(other.person().userId).toBe('user-2')
    one.sync()
    expect(one.person().userId).toBe('user-2')
  })
})

describe('identify', () => {
  test('merges traits, and forgets those of another person', () => {
    const page = setUp().open()
    page.sync()
    void page.verbs.identify('user-1', { a: 1, b: 1 })
    void page.verbs.identify({ b: 2 })
    expect(page.person()).toMatchObject({ userId: 'user-1', traits: { a: 1, b: 2 } })
    void page.verbs.identify('user-1', { c: 3 })
    expect(page.person().traits).toEqual({ a: 1, b: 2, c: 3 })
    void page.verbs.identify('user-2', { d: 4 })
    expect(page.person()).toMatchObject({ userId: 'user-2', traits: { d: 4 } })
  })

  test('keeps traits said before it was known who it is', () => {
    const page = setUp().open()
    page.sync()
    void page.verbs.identify({ a: 1 })
    void page.verbs.identify('user-1')
    expect(page.person()).toMatchObject({ userId: 'user-1', traits: { a: 1 } })
  })

  test('of traits alone before storage could be asked keeps whom storage knows', () => {
    const { open } = setUp()
    const before = open()
    before.sync()
    void before.verbs.identify('user-1', { a: 1 })
    before.save()
    const page = open()
    void page.verbs.identify({ b: 2 })
    const person = page.person()
    page.sync()
    expect(page.person().userId).toBe('user-1')
    expect(page.complete(person).userId).toBe('user-1')
  })

  test('is undone by reset, for later pages too', () => {
    const { open } = setUp()
    const page = open()
    page.sync()
    const { anonymousId } = page.person()
    void page.verbs.identify('user-1', { a: 1 })
    page.verbs.reset()
    page.save()
    expect(page.id()).not.toBe(anonymousId)
    const next = open()
    next.sync()
    expect(next.person()).toEqual({ anonymousId: page.id() })
  })

  test('is undone by reset before storage could be asked', () => {
    const { open } = setUp()
    const before = open()
    before.sync()
    before.change({ userId: 'user-1' })
    before.save()
    const page = open()
    page.verbs.reset()
    const person = page.person()
    page.sync()
    expect(page.person().userId).toBeUndefined()
    expect(page.complete(person).userId).toBeUndefined()
    expect(page.id()).not.toBe(before.id())
  })
})

describe('trouble', () => {
  test('never throws for what storage and cookie may hold, and has an id', () => {
    const cookie = fc.oneof(fc.string(), fc.constantFrom('%', '%E0%A4%A.x', '.', 'a.b'))
    const stored = fc.oneof(fc.string(), fc.json(), fc.constantFrom('null', '[]', '"text"', '1', '{'))
    fc.assert(
      fc.property(cookie, stored, (inCookie, inStorage) => {
        const { jar, storage } = setUp()
        jar.open('https://shop.example.com/').cookie = `millrace_aid=${inCookie}; max-age=60`
        storage.setItem('millrace.person', inStorage)
        const page = openPage(jar, storage)
        page.sync()
        expect(page.id()).toBeTruthy()
        void page.verbs.identify('user-1', { a: 1 })
        page.save()
        expect(page.person().userId).toBe('user-1')
      }),
    )
  })

  test('heals from storage when the cookie cannot be read', () => {
    const { jar, storage, open } = setUp()
    const page = open()
    page.sync()
    jar.open('https://shop.example.com/').cookie =
      'millrace_aid=%E0%A4%A.x; path=/; max-age=60; domain=example.com'
    const next = openPage(jar, storage)
    next.sync()
    expect(next.id()).toBe(page.id())
    expect(jar.list()).toEqual([`.example.com millrace_aid=${page.id()}.${NOW_MS.toString(36)}`])
  })

  test('lives in storage where a sandbox refuses cookies, and in memory where it refuses all', () => {
    const storage = createFakeStorage()
    const open = (area: Storage) => openPage(createFakeCookieJar(), area, { isSandboxed: true })
    const [first, second] = [open(storage), open(storage)]
    first.sync()
    second.sync()
    expect(second.id()).toBe(first.id())
    const refused = open(createFakeStorage({ isRefused: true }))
    refused.sync()
    const { anonymousId } = refused.person()
    refused.change({ userId: 'user-1' })
    refused.save()
    refused.sync()
    expect(refused.person()).toEqual({ anonymousId, userId: 'user-1' })
    refused.forget()
    expect(refused.person()).toEqual({})
  })
})

test('a reset on one host of the site leaves nobody of the visitor before on another', () => {
  const jar = createFakeCookieJar()
  const [a, b] = [createFakeStorage(), createFakeStorage()]
  const onA = openPage(jar, a, { url: 'https://a.example.com/' })
  const onB = openPage(jar, b, { url: 'https://b.example.com/' })
  onA.sync()
  onB.sync()
  onB.change({ userId: 'alice', traits: { plan: 'pro' } })
  onB.save()
  onA.verbs.reset()
  onA.save()
  // On the first page there, and on all that follow.
  for (let visit = 0; visit < 3; visit++) {
    const later = openPage(jar, b, { url: 'https://b.example.com/' })
    later.sync()
    expect(later.id()).toBe(onA.id())
    expect([later.person().userId, later.person().traits]).toEqual([undefined, undefined])
  }
})
