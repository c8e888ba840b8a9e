import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { checkPlan, definePlan, listEntries, schemaOf, type TrackingPlan } from './plan.ts'

const info = { version: '1-0-0', owner: 'shop', description: 'Something.' }
const properties = z.object({})

/** A plan with one event that is not as it should be. */
const withEvent = (entry: unknown) => ({ events: { Ordered: entry } })

describe('definePlan', () => {
  test('gives the plan back', () => {
    const plan = {
      mode: 'enforce',
      refuseUnplanned: true,
      events: { Ordered: { ...info, properties } },
      page: { ...info, properties },
      screen: { ...info, version: '12-3-45', properties },
      identify: { ...info, traits: properties },
      group: { ...info, traits: properties },
    } as const
    expect(definePlan(plan)).toBe(plan)
    expect(definePlan({})).toEqual({})
  })

  test.each([
    [
      { modes: 'off' },
      TypeError,
      'plan.modes is not a field of a plan; it has mode, refuseUnplanned, events',
    ],
    [{ mode: 'strict' }, RangeError, 'plan.mode must be enforce, warn, off, got "strict"'],
    [{ refuseUnplanned: 'yes' }, TypeError, 'plan.refuseUnplanned must be a boolean, got string'],
    [{ events: null }, TypeError, 'plan.events must be an object, got null'],
    [{ events: ['Ordered'] }, TypeError, 'plan.events must be an object, got an array'],
    [withEvent(7), TypeError, 'plan.events["Ordered"] must be an object, got number'],
    [withEvent(null), TypeError, 'plan.events["Ordered"] must be an object'],
    [
      withEvent({ ...info, version: '1.0.0', properties }),
      RangeError,
      'must be MODEL-REVISION-ADDITION such as "1-0-0", got "1.0.0"',
    ],
    [withEvent({ ...info, version: '0-0-1', properties }), RangeError, 'got "0-0-1"'],
    [withEvent({ ...info, version: undefined, properties }), RangeError, 'got undefined'],
    [
      withEvent({ ...info, owner: ' ', properties }),
      TypeError,
      'plan.events["Ordered"].owner must be a non-empty text, got " "',
    ],
    [
      withEvent({ ...info, description: 3, properties }),
      TypeError,
      'description must be a non-empty text, got 3',
    ],
    [withEvent(info), TypeError, 'plan.events["Ordered"].properties must be a zod schema'],
    [withEvent({ ...info, properties: { type: 'object' } }), TypeError, 'properties must be a zod schema'],
    [
      withEvent({ ...info, traits: properties }),
      TypeError,
      'plan.events["Ordered"].properties must be a zod schema',
    ],
    [{ identify: { ...info, properties } }, TypeError, 'plan.identify.traits must be a zod schema'],
    [{ page: { ...info, traits: properties } }, TypeError, 'plan.page.properties must be a zod schema'],
  ])('refuses %j', (plan, kind, message) => {
    const define = () => definePlan(plan as unknown as TrackingPlan)
    expect(define).toThrow(kind)
    expect(define).toThrow(message)
  })

  test.each([undefined, null, 'plan'])('refuses %j for a plan', (plan) => {
    expect(() => checkPlan(plan as unknown as TrackingPlan, 'sources[0].plan')).toThrow(
      'sources[0].plan must be an object',
    )
  })
})

test('entries are listed by name as written, then by type', () => {
  const plan: TrackingPlan = {
    group: { ...info, traits: properties },
    page: { ...info, properties },
    events: { B: { ...info, properties }, A: { ...info, properties } },
  }
  expect(listEntries(plan).map(({ type, event }) => [type, event])).toEqual([
    ['track', 'B'],
    ['track', 'A'],
    ['page', undefined],
    ['group', undefined],
  ])
})

test('schema of an entry comes with its field', () => {
  expect(schemaOf({ ...info, properties })).toEqual({ field: 'properties', schema: properties })
  expect(schemaOf({ ...info, traits: properties })).toEqual({ field: 'traits', schema: properties })
})
