/** The words are those of the migration. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { isPlaceholder, PLACEHOLDER_IDS } from './placeholders.ts'

it('words for nobody are those of the column placeholder_ids', () => {
  const folder = join(import.meta.dirname, '../../../schemas/migrations')
  const sql = readFileSync(join(folder, '0004_warehouse.sql'), 'utf8')
  const [, list = ''] =
    /lower\(trimBoth\(id\)\) IN \(([^)]*(?:\([^)]*\)[^)]*)*)\)\), \[user_id/.exec(sql) ?? []
  expect([...list.matchAll(/'([^']*)'/g)].map(([, word = '']) => word).sort()).toEqual(
    [...PLACEHOLDER_IDS].sort(),
  )
})

it('a word for nobody is one in any case, and with spaces around it', () => {
  expect([' NULL ', 'Undefined', '', 'u1'].map(isPlaceholder)).toEqual([true, true, true, false])
})
