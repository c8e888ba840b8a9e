/** Compile-time promises of {@link PlanTypes}. */

import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { definePlan } from './plan.ts'
import type { PlanTypes } from './types.ts'

const info = { version: '1-0-0', owner: 'shop', description: 'Something.' }

const plan = definePlan({
  mode: 'warn',
  events: {
    'Order Completed': {
      ...info,
      properties: z.object({
        order_id: z.string(),
        total: z.coerce.number<string>(),
        note: z.string().default(''),
      }),
    },
    'Menu Opened': { ...info, properties: z.strictObject({ place: z.enum(['top', 'foot']).optional() }) },
  },
  page: { ...info, properties: z.looseObject({ section: z.string() }) },
  identify: { ...info, traits: z.object({ email: z.email() }) },
})

type Plan = PlanTypes<typeof plan>

test('types of a plan are what a caller passes, before defaults and transforms', () => {
  expectTypeOf<keyof Plan>().toEqualTypeOf<'track' | 'page' | 'identify'>()
  expectTypeOf<keyof Plan['track']>().toEqualTypeOf<'Order Completed' | 'Menu Opened'>()
  expectTypeOf<Plan['track']['Order Completed']>().toEqualTypeOf<{
    order_id: string
    total: string
    note?: string | undefined
  }>()
  expectTypeOf<Plan['track']['Menu Opened']>().toEqualTypeOf<{ place?: 'top' | 'foot' | undefined }>()
  expectTypeOf<Plan['page']>().toEqualTypeOf<{ [key: string]: unknown; section: string }>()
  expectTypeOf<Plan['identify']>().toEqualTypeOf<{ email: string }>()
  expect(plan.mode).toBe('warn')
})

test('types of a plan without events leave track free', () => {
  const views = definePlan({ page: { ...info, properties: z.object({}) } })
  expectTypeOf<PlanTypes<typeof views>['track']>().toEqualTypeOf<Record<string, object>>()
  expect(views.page.version).toBe('1-0-0')
})
