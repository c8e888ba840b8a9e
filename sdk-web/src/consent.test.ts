import { describe, expect, test } from 'vitest'
import type { Consent } from './api.ts'
import { createConsent } from './consent.ts'

describe('consent', () => {
  test.each<[string, Consent, boolean, string]>([
    ['nothing', {}, false, 'granted'],
    ['nothing, with Global Privacy Control', {}, true, 'denied'],
    ['yes', { analytics: 'granted' }, false, 'granted'],
    ['yes, with Global Privacy Control', { analytics: 'granted' }, true, 'granted'],
    ['no', { analytics: 'denied' }, false, 'denied'],
    ['nothing yet', { analytics: 'pending' }, false, 'pending'],
    ['nothing yet, with Global Privacy Control', { analytics: 'pending' }, true, 'pending'],
    ['something of another purpose', { ads: 'denied' }, false, 'granted'],
    ['something of another purpose, with Global Privacy Control', { ads: 'granted' }, true, 'denied'],
    ['what is not understood', { analytics: 'yes' } as unknown as Consent, false, 'denied'],
    ['a boolean', { analytics: true } as unknown as Consent, false, 'denied'],
  ])('of who said %s', (_, said, hasGpc, state) => {
    expect(createConsent(said, hasGpc).state()).toBe(state)
  })

  test('changes by purpose, and keeps what was said of others', () => {
    const consent = createConsent({ analytics: 'pending', ads: 'pending' }, true)
    expect(consent.change({ analytics: 'granted' })).toEqual({ analytics: 'granted', ads: 'pending' })
    expect(consent.state()).toBe('granted')
    expect(consent.change({ ads: 'denied' })).toEqual({ analytics: 'granted', ads: 'denied' })
    expect(consent.state()).toBe('granted')
    consent.change({ analytics: 'denied' })
    expect(consent.state()).toBe('denied')
  })

  test('leaves the object that it was given as it was', () => {
    const said: Consent = { analytics: 'pending' }
    createConsent(said, false).change({ analytics: 'granted' })
    expect(said).toEqual({ analytics: 'pending' })
  })

  test('is described by what was decided, in Segment’s form', () => {
    const consent = createConsent({}, false)
    expect(consent.describe()).toBeUndefined()
    consent.change({ analytics: 'pending' })
    expect(consent.describe()).toBeUndefined()
    consent.change({ analytics: 'granted', ads: 'denied', other: 'pending' })
    expect(consent.describe()).toEqual({ categoryPreferences: { analytics: true, ads: false } })
  })
})
