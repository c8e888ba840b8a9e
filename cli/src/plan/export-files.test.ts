import { definePlan } from '@millrace/schemas/plan'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { buildFiles } from './export-files.ts'

const entry = { version: '1-0-0', owner: 'shop', description: 'Something.', properties: z.object({}) }

const plan = definePlan({
  events: {
    'Order Completed': entry,
    'order: completed!': entry,
    '../../etc/passwd': entry,
    Größe: entry,
    '!': entry,
  },
  page: entry,
})

test.each([
  ['markdown', ['shop/data-dictionary.md']],
  [
    'json',
    [
      'shop/track/order-completed.schema.json',
      'shop/track/order-completed-2.schema.json',
      'shop/track/etc-passwd.schema.json',
      'shop/track/größe.schema.json',
      'shop/track/event.schema.json',
      'shop/page.schema.json',
    ],
  ],
] as const)('files of %s have names that are safe and differ', (format, paths) => {
  expect(buildFiles('shop', plan, format).map(({ path }) => path)).toEqual(paths)
})
