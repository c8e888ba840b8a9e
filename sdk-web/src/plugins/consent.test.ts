import { describe, expect, test, vi } from 'vitest'
import { followOneTrust, followTcf, rememberConsent } from './consent.ts'
import { createFakeClient, createFakePage } from './fakes.ts'

describe('followTcf', () => {
  const purposes = { analytics: [1, 8], marketing: [1, 3, 4] }

  function start() {
    const fake = createFakeClient()
    const api = vi.fn()
    const { window } = createFakePage({ __tcfapi: api })
    const stop = followTcf(fake.client, { purposes, window })
    const say = (data: object | null, isSuccess = true) => api.mock.calls[0]?.[2](data, isSuccess)
    return { ...fake, api, say, stop }
  }

  test.each(['tcloaded', 'useractioncomplete'])('grants what is allowed as a whole (%s)', (eventStatus) => {
    const { api, say, consents } = start()
    expect(api.mock.calls[0]?.slice(0, 2)).toEqual(['addEventListener', 2])
    say({ eventStatus, gdprApplies: true, purpose: { consents: { 1: true, 3: true, 8: true } } })
    expect(consents).toEqual([{ analytics: 'granted', marketing: 'denied' }])
  })

  test('waits while the visitor is asked, and where the platform fails', () => {
    const { say, consents } = start()
    say({ eventStatus: 'cmpuishown', gdprApplies: true, purpose: { consents: {} } })
    say({ eventStatus: 'tcloaded' }, false)
    say(null)
    expect(consents).toEqual([])
  })

  test('grants all where the GDPR does not apply', () => {
    const { say, consents } = start()
    say({ eventStatus: 'tcloaded', gdprApplies: false })
    expect(consents).toEqual([{ analytics: 'granted', marketing: 'granted' }])
  })

  test('follows changes until it is stopped', () => {
    const { api, say, consents, stop } = start()
    say({ eventStatus: 'tcloaded', listenerId: 5, purpose: { consents: { 1: true, 8: true } } })
    stop()
    say({ eventStatus: 'useractioncomplete', purpose: { consents: {} } })
    expect(consents).toHaveLength(1)
    expect(api).toHaveBeenLastCalledWith('removeEventListener', 2, expect.any(Function), 5)
  })

  test('does nothing on a page without a platform, or on a server', () => {
    const { client, consents } = createFakeClient()
    followTcf(client, { purposes, window: createFakePage({}).window })()
    followTcf(client, { purposes })()
    expect(consents).toEqual([])
  })
})

describe('followOneTrust', () => {
  const purposes = { analytics: 'C0002', marketing: 'C0004' }

  test('grants active groups, and denies the others once the visitor has chosen', () => {
    const { client, consents } = createFakeClient()
    let hasChosen = false
    const page = createFakePage({
      OnetrustActiveGroups: ',C0001,C0002,',
      OneTrust: { IsAlertBoxClosed: () => hasChosen },
    })
    const stop = followOneTrust(client, { purposes, window: page.window })
    hasChosen = true
    page.dispatch('OneTrustGroupsUpdated')
    stop()
    page.dispatch('OneTrustGroupsUpdated')
    expect(consents).toEqual([{ analytics: 'granted' }, { analytics: 'granted', marketing: 'denied' }])
  })

  test('waits for OneTrust to load', () => {
    const { client, consents } = createFakeClient()
    const page = createFakePage({})
    followOneTrust(client, { purposes, window: page.window })
    expect(consents).toEqual([])
    Object.assign(page.window, { OnetrustActiveGroups: ',C0004,' })
    page.dispatch('OneTrustGroupsUpdated')
    expect(consents).toEqual([{ marketing: 'granted' }])
  })
})

describe('rememberConsent', () => {
  function start(kept?: string) {
    const items = new Map(kept === undefined ? [] : [['millrace_consent', kept]])
    const storage = {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => items.set(key, value),
      removeItem: (key: string) => items.delete(key),
    } as unknown as Storage
    const fake = createFakeClient()
    const stop = rememberConsent(fake.client, { storage, window: createFakePage({}).window })
    return { ...fake, items, stop }
  }

  test('keeps a choice that grants something, and gives it to the next page', () => {
    const { emit, items, consents } = start()
    expect(consents).toEqual([])
    emit('consent', { analytics: 'granted', marketing: 'denied', other: 'pending' })
    const kept = items.get('millrace_consent')
    expect(start(kept).consents).toEqual([{ analytics: 'granted', marketing: 'denied' }])
  })

  test.each(['denied', 'pending'] as const)('keeps nothing of a visitor whose choice is %s', (state) => {
    const { emit, items } = start('{"analytics":"granted"}')
    emit('consent', { analytics: state })
    expect(items.size).toBe(0)
  })

  test.each(['', '{', 'null', '[1]', '7'])('starts without a choice where %j was kept', (kept) => {
    const { consents } = start(kept)
    expect(consents.every((consent) => Object.keys(consent).length === 0)).toBe(true)
  })

  test('throws nothing where storage is refused, and keeps nothing once stopped', () => {
    const fake = createFakeClient()
    const { window } = createFakePage({})
    Object.defineProperty(window, 'localStorage', {
      get() {
        throw new DOMException('refused', 'SecurityError')
      },
    })
    expect(() => rememberConsent(fake.client, { window })).not.toThrow()
    const { emit, items, stop } = start()
    stop()
    emit('consent', { analytics: 'granted' })
    expect(items.size).toBe(0)
  })
})
