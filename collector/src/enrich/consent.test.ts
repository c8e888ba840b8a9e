import type { ConsentOutcome, ConsentPolicy, JsonObject } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { contextGpc, decideConsent, readGpc } from './consent.ts'

const rudder = (consentManagement: JsonObject): JsonObject => ({ consentManagement })
const says = (categoryPreferences: JsonObject): JsonObject => ({ consent: { categoryPreferences } })

describe('decideConsent', () => {
  it.each<[string, ConsentPolicy | undefined, JsonObject | undefined, ConsentOutcome]>([
    ['without a policy', undefined, says({ ads: false }), 'store'],
    ['under a policy that requires nothing', {}, says({ ads: false }), 'store'],
    ['under a policy that requires no category', { required: [] }, undefined, 'store'],
    ['with consent', { required: ['analytics'] }, says({ analytics: true, ads: false }), 'store'],
    [
      'with consent to all',
      { required: ['analytics', 'ads'] },
      says({ analytics: true, ads: true }),
      'store',
    ],
    ['that is refused', { required: ['analytics'] }, says({ analytics: false }), 'filter'],
    [
      'refused in one of two',
      { required: ['analytics', 'ads'] },
      says({ analytics: true, ads: false }),
      'filter',
    ],
    ['refused mildly', { required: ['a'], whenDenied: 'anonymize' }, says({ a: false }), 'anonymize'],
    ['refused without effect', { required: ['a'], whenDenied: 'store' }, says({ a: false }), 'store'],
    ['that says nothing', { required: ['a'] }, {}, 'filter'],
    ['without a context', { required: ['a'] }, undefined, 'filter'],
    ['silent, mildly', { required: ['a'], whenUnknown: 'anonymize' }, says({ b: true }), 'anonymize'],
    ['silent, without effect', { required: ['a'], whenUnknown: 'store' }, {}, 'store'],
    [
      'refused in one and silent in another, the strictest first',
      { required: ['a', 'b'], whenDenied: 'filter', whenUnknown: 'store' },
      says({ a: false }),
      'filter',
    ],
    [
      'silent in one and refused in another, the strictest last',
      { required: ['b', 'a'], whenDenied: 'anonymize', whenUnknown: 'filter' },
      says({ a: false }),
      'filter',
    ],
    [
      'with consent to one and refused in another',
      { required: ['a', 'b'], whenDenied: 'anonymize' },
      says({ a: false, b: true }),
      'anonymize',
    ],
    ['with a word for an answer', { required: ['a'], whenDenied: 'store' }, says({ a: 'true' }), 'filter'],
    ['with a number for an answer', { required: ['a'] }, says({ a: 1 }), 'filter'],
    ['with consent of the wrong kind', { required: ['a'] }, { consent: true }, 'filter'],
    [
      'with a list of preferences',
      { required: ['a'] },
      { consent: { categoryPreferences: ['a'] } },
      'filter',
    ],
    ['allowed by RudderStack', { required: ['a', 'b'] }, rudder({ allowedConsentIds: ['b', 'a'] }), 'store'],
    [
      'denied by RudderStack',
      { required: ['a'], whenDenied: 'anonymize' },
      rudder({ allowedConsentIds: ['b'], deniedConsentIds: ['a'] }),
      'anonymize',
    ],
    [
      'both denied and allowed by RudderStack',
      { required: ['a'], whenDenied: 'anonymize' },
      rudder({ allowedConsentIds: ['a'], deniedConsentIds: ['a'] }),
      'anonymize',
    ],
    [
      'allowed in one of two, whatever the strategy of destinations',
      { required: ['a', 'b'], whenUnknown: 'anonymize' },
      rudder({ allowedConsentIds: ['a'], deniedConsentIds: [], resolutionStrategy: 'or' }),
      'anonymize',
    ],
    [
      'in neither list of RudderStack',
      { required: ['a'], whenUnknown: 'store' },
      rudder({ allowedConsentIds: [], deniedConsentIds: [] }),
      'store',
    ],
    [
      'allowed by Segment and denied by RudderStack',
      { required: ['a'] },
      { ...says({ a: true }), ...rudder({ deniedConsentIds: ['a'] }) },
      'store',
    ],
    [
      'denied by Segment and allowed by RudderStack',
      { required: ['a'] },
      { ...says({ a: false }), ...rudder({ allowedConsentIds: ['a'] }) },
      'filter',
    ],
    [
      'allowed by RudderStack where Segment says nothing of it',
      { required: ['a', 'b'] },
      { ...says({ a: true, b: 'true' }), ...rudder({ allowedConsentIds: ['b'] }) },
      'store',
    ],
    ['allowed in a text that has it', { required: ['a'] }, rudder({ allowedConsentIds: 'abc' }), 'filter'],
    ['allowed by an object', { required: ['a'] }, rudder({ allowedConsentIds: { a: true } }), 'filter'],
    ['with lists of the wrong kind', { required: ['1'] }, rudder({ allowedConsentIds: [1] }), 'filter'],
    ['with a list for all of it', { required: ['a'] }, { consentManagement: ['a'] }, 'filter'],
    ['asked for an inherited name', { required: ['constructor'] }, says({}), 'filter'],
  ])('decides about an event %s', (_, policy, context, outcome) => {
    expect(decideConsent(policy, context, false)).toEqual(
      outcome === 'store' ? { outcome } : { outcome, reason: 'no_consent' },
    )
  })

  it.each<[ConsentPolicy | undefined, JsonObject, object]>([
    [undefined, {}, { outcome: 'store' }],
    [{}, {}, { outcome: 'store' }],
    [{ whenGpc: 'store' }, {}, { outcome: 'store' }],
    [{ whenGpc: 'anonymize' }, {}, { outcome: 'anonymize', reason: 'privacy_control' }],
    [{ whenGpc: 'filter' }, {}, { outcome: 'filter', reason: 'privacy_control' }],
    [
      { required: ['a'], whenGpc: 'filter' },
      says({ a: true }),
      { outcome: 'filter', reason: 'privacy_control' },
    ],
    [
      { required: ['a'], whenDenied: 'anonymize', whenGpc: 'filter' },
      says({ a: false }),
      { outcome: 'filter', reason: 'privacy_control' },
    ],
    [
      { required: ['a'], whenGpc: 'anonymize' },
      says({ a: false }),
      { outcome: 'filter', reason: 'no_consent' },
    ],
    [{ required: ['a'], whenGpc: 'filter' }, says({ a: false }), { outcome: 'filter', reason: 'no_consent' }],
  ])('weighs Global Privacy Control under %j with %j', (policy, context, decision) => {
    expect(decideConsent(policy, context, true)).toEqual(decision)
  })

  it('asks for nothing without Global Privacy Control', () => {
    expect(decideConsent({ whenGpc: 'filter' }, {}, false)).toEqual({ outcome: 'store' })
  })
})

describe('readGpc', () => {
  it.each([
    ['1', true],
    ['0', false],
    ['true', false],
    ['', false],
  ])('reads Sec-GPC: %j as %s', (value, gpc) => {
    expect(readGpc(new Headers({ 'Sec-GPC': value }))).toBe(gpc)
  })

  it('reads a request without it as false', () => {
    expect(readGpc(new Headers())).toBe(false)
  })
})

describe('contextGpc', () => {
  it.each([
    [{ globalPrivacyControl: true }, true],
    [{ gpc: true }, true],
    [{ gpc: false, globalPrivacyControl: true }, true],
    [{ gpc: 'true' }, false],
    [{ gpc: 1 }, false],
    [{}, false],
    [undefined, false],
  ])('reads %j as %s', (context, gpc) => {
    expect(contextGpc(context)).toBe(gpc)
  })
})
