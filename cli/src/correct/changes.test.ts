/** What is typed, and the changes that it means. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseAssignments, readChangesFile } from './changes.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-changes-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('--set', () => {
  it.each<[string[], object]>([
    [['userId=u1'], { userId: 'u1' }],
    [['userId=42'], { userId: '42' }],
    [['userId="42"'], { userId: '42' }],
    [
      ['event=Order Completed', 'timestamp=2026-11-22T10:00:00Z'],
      { event: 'Order Completed', timestamp: '2026-11-22T10:00:00Z' },
    ],
    [['properties.price=12.5'], { properties: { price: 12.5 } }],
    [['properties.name="x"', 'properties.note=a=b'], { properties: { name: 'x', note: 'a=b' } }],
    [
      ['properties.isPaid=true', 'traits.tags=["a"]'],
      { properties: { isPaid: true }, traits: { tags: ['a'] } },
    ],
    [['properties.address={"city":"Bern"}'], { properties: { address: { city: 'Bern' } } }],
    [['properties.a.b=1'], { properties: { 'a.b': 1 } }],
    [['properties.note='], { properties: { note: '' } }],
  ])('%j means %j', (assignments, changes) => {
    expect(parseAssignments(assignments)).toEqual(changes)
  })

  it.each(['userId', 'properties=1', 'properties.=1', 'price=1', 'context.ip=1', '=1', 'constructor=1'])(
    '%s is refused',
    (assignment) => {
      expect(() => parseAssignments([assignment])).toThrow('--set must be <field>=<value> with one of')
    },
  )
})

describe('--changes', () => {
  it('is one JSON object', async () => {
    const path = join(directory, 'changes.json')
    writeFileSync(path, '{"userId":"u1"}')
    expect(await readChangesFile(path)).toEqual({ userId: 'u1' })
    writeFileSync(path, '[1]')
    await expect(readChangesFile(path)).rejects.toThrow('must hold one JSON object')
    await expect(readChangesFile(join(directory, 'none'))).rejects.toThrow('cannot read')
  })
})
