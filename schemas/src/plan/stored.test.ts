import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { plan as demoPlan } from '../../../millrace.config.ts'
import type { TrackingPlan } from './plan.ts'
import { compareStored, readStoredPlan, storePlan } from './stored.ts'

function planOf(properties: z.ZodType<object, object>, version = '1-0-0'): TrackingPlan {
  return { events: { Bought: { version, owner: 'shop', description: 'A purchase.', properties } } }
}

/** Through JSON, as the bucket has it. */
function keep(plan: TrackingPlan) {
  const kept = readStoredPlan(JSON.parse(JSON.stringify(storePlan(plan))))
  if (kept === undefined) throw new Error('a stored plan cannot be read')
  return kept
}

function compare(before: z.ZodType<object, object>, after: z.ZodType<object, object>) {
  return compareStored(keep(planOf(before)), planOf(after)).entries[0]
}

describe('compareStored', () => {
  it('finds the demo plan unchanged after it was kept', () => {
    const { entries, notes } = compareStored(keep(demoPlan), demoPlan)
    expect(entries.map(({ result }) => result)).toEqual(entries.map(() => 'unchanged'))
    expect([entries.length, notes]).toEqual([7, []])
  })

  it.each<[string, z.ZodType<object, object>, z.ZodType<object, object>, string]>([
    [
      'a new optional field',
      z.object({ a: z.string() }),
      z.object({ a: z.string(), b: z.int().optional() }),
      'compatible',
    ],
    [
      'a new required field',
      z.object({ a: z.string() }),
      z.object({ a: z.string(), b: z.string() }),
      'breaking',
    ],
    ['a value less', z.object({ a: z.enum(['x', 'y']) }), z.object({ a: z.enum(['x']) }), 'breaking'],
    ['a value more', z.object({ a: z.enum(['x']) }), z.object({ a: z.enum(['x', 'y']) }), 'compatible'],
    ['a lower limit', z.object({ a: z.number().max(9) }), z.object({ a: z.number().max(8) }), 'breaking'],
    ['a wider limit', z.object({ a: z.string().max(8) }), z.object({ a: z.string().max(9) }), 'compatible'],
    ['another format', z.object({ a: z.string() }), z.object({ a: z.email() }), 'breaking'],
    ['fields closed', z.object({ a: z.string() }), z.strictObject({ a: z.string() }), 'breaking'],
    [
      'a description',
      z.object({ a: z.string() }),
      z.object({ a: z.string().describe('A word.') }),
      'unchanged',
    ],
    [
      'the same formats',
      z.object({ a: z.url(), b: z.iso.datetime() }),
      z.object({ a: z.url(), b: z.iso.datetime() }),
      'unchanged',
    ],
  ])('%s', (_, before, after, result) => {
    expect(compare(before, after)?.result).toBe(result)
  })

  it('does not decide where a refinement is new or another, and does where it is the same', () => {
    const even = z.object({ a: z.number().refine((value) => value % 2 === 0) })
    const odd = z.object({ a: z.number().refine((value) => value % 2 === 1) })
    expect(compare(z.object({ a: z.number() }), even)).toMatchObject({
      result: 'undecided',
      looksSame: false,
    })
    expect(compare(even, odd)).toMatchObject({ result: 'undecided', looksSame: false })
    expect(compare(even, even)?.result).toBe('unchanged')
    const wider = z.object({ a: z.number().refine((value) => value % 2 === 0), b: z.string().optional() })
    expect(compare(even, wider)?.result).toBe('compatible')
  })

  it('does not decide where a refinement cannot be read, and says that it looks the same', () => {
    const hidden = z.object({ a: z.string() }).superRefine(() => {})
    expect(compare(hidden, hidden)).toMatchObject({ result: 'undecided', looksSame: true })
  })

  it('tells entries that came and went, and that unplanned events break the plan now', () => {
    const after: TrackingPlan = {
      mode: 'enforce',
      refuseUnplanned: true,
      page: planOf(z.object({})).events?.['Bought'] as never,
    }
    const { entries, notes } = compareStored(keep(planOf(z.object({}))), after)
    expect(entries).toMatchObject([
      { type: 'page', result: 'added' },
      { type: 'track', event: 'Bought', result: 'removed', breaksOldEvents: true },
    ])
    expect(notes).toEqual([
      'the mode goes from warn to enforce',
      'track events without an entry now break the plan',
    ])
  })

  it('compares a schema that holds itself', () => {
    const node = z.object({
      name: z.string(),
      get children() {
        return z.array(node).optional()
      },
    })
    expect(compare(node, node)?.result).toBe('unchanged')
  })
})

describe('readStoredPlan', () => {
  it.each([undefined, null, {}, { mode: 'warn', refuseUnplanned: false, entries: [{}] }, 'plan'])(
    'refuses %j',
    (value) => {
      expect(readStoredPlan(value)).toBeUndefined()
    },
  )
})
