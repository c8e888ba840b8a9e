import { expect, test } from 'vitest'
import type { EntryComparison } from './compatibility.ts'
import { compareVersions, ruleOnChange } from './version.ts'

test.each([
  ['1-0-0', '1-0-0', 'same'],
  ['1-0-0', '1-0-1', 'addition'],
  ['1-0-9', '1-0-10', 'addition'],
  ['1-0-3', '1-1-0', 'revision'],
  ['1-9-9', '2-0-0', 'model'],
  ['1-0-1', '1-0-0', 'lowered'],
  ['1-1-0', '1-0-9', 'lowered'],
  ['10-0-0', '9-9-9', 'lowered'],
])('%s to %s is %s', (before, after, step) => {
  expect(compareVersions(before, after)).toBe(step)
})

const compared = (
  result: 'unchanged' | 'compatible' | 'breaking' | 'undecided',
  after: string,
  looksSame = false,
) =>
  ({
    type: 'track',
    event: 'Ordered',
    before: '1-1-1',
    after,
    ...(result === 'compatible' && { newFields: [] }),
    ...(result === 'breaking' && { counterExample: { type: 'track' }, violations: [] }),
    ...(result === 'undecided' && { obstacles: [], looksSame }),
    result,
  }) as EntryComparison

const BREAKS = 'older events would be refused: '
const NEXT = 'raise REVISION to 1-2-0 or MODEL to 2-0-0'
const ALLOW = 'give --allow-breaking'
const RISE = 'the schema changed, so the version must rise (it is still 1-1-1)'

test.each<[EntryComparison, boolean, string, string[]]>([
  [compared('unchanged', '1-1-1'), false, 'fine', []],
  [compared('unchanged', '1-1-2'), false, 'fine', []],
  [compared('unchanged', '1-1-0'), false, 'refused', ['the version must not fall (1-1-1 → 1-1-0)']],
  [compared('compatible', '1-1-2'), false, 'fine', []],
  [compared('compatible', '2-0-0'), false, 'fine', []],
  [compared('compatible', '1-1-1'), false, 'refused', [`${RISE}: raise ADDITION to 1-1-2`]],
  [compared('compatible', '1-0-9'), true, 'refused', ['the version must not fall (1-1-1 → 1-0-9)']],
  [compared('breaking', '2-0-0'), false, 'refused', [`${BREAKS}${ALLOW} if that is meant`]],
  [compared('breaking', '2-0-0'), true, 'fine', []],
  [compared('breaking', '1-2-0'), false, 'refused', [`${BREAKS}${ALLOW} if that is meant`]],
  [compared('breaking', '1-2-0'), true, 'fine', []],
  [compared('breaking', '1-1-2'), false, 'refused', [`${BREAKS}${NEXT} and ${ALLOW}`]],
  [compared('breaking', '1-1-2'), true, 'refused', [`${BREAKS}${NEXT}`]],
  [compared('breaking', '1-1-1'), false, 'refused', [`${BREAKS}${NEXT} and ${ALLOW}`]],
  [compared('breaking', '1-1-1'), true, 'refused', [`${BREAKS}${NEXT}`]],
  [
    compared('breaking', '1-0-9'),
    true,
    'refused',
    ['the version must not fall (1-1-1 → 1-0-9)', `${BREAKS}${NEXT}`],
  ],
  [compared('undecided', '1-1-2'), false, 'undecided', []],
  [compared('undecided', '1-1-1'), false, 'refused', [RISE]],
  [compared('undecided', '1-1-1', true), false, 'undecided', []],
  [{ type: 'page', result: 'added', after: '1-0-0' }, false, 'fine', []],
  [{ type: 'page', result: 'removed', before: '1-0-0', breaksOldEvents: false }, false, 'fine', []],
  [
    { type: 'track', event: 'A', result: 'removed', before: '1-0-0', breaksOldEvents: true },
    false,
    'refused',
    [
      'the plan refuses events without an entry, so older ones would be refused: give --allow-breaking if that is meant',
    ],
  ],
  [
    { type: 'track', event: 'A', result: 'removed', before: '1-0-0', breaksOldEvents: true },
    true,
    'fine',
    [],
  ],
])('%j with allowBreaking %s is %s', (entry, allowBreaking, verdict, problems) => {
  expect(ruleOnChange(entry, { allowBreaking })).toEqual({ verdict, problems })
})
