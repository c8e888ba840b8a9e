import type { ReplayTransform } from '@millrace/schemas/config'
import { defaultOf, emptyBatch, LAKE_COLUMNS, placeOf } from '@millrace/schemas/lake'
import { describe, expect, it } from 'vitest'
import { toRows } from './rows.ts'
import { TransformFailure, transformRow } from './transform.ts'

/** A row as it comes from the lake. */
function createRow() {
  const batch = emptyBatch()
  const own: Record<string, string | number> = {
    message_id: 'm',
    type: 'track',
    timestamp: 5_000,
    properties: '{"a%25":1,"big":100000000000000000000}',
  }
  LAKE_COLUMNS.forEach((column, place) => {
    batch.columns[place] = [own[column.name] ?? defaultOf(column)]
  })
  expect(batch.columns[placeOf('timestamp')]).toEqual([5_000])
  const [row] = toRows('shop', { ...batch, count: 1 }, { from: 0, to: 10 })
  if (row === undefined) throw new Error('the row is out of range')
  return row
}

const run = (transform: unknown) => transformRow(transform as ReplayTransform, createRow())

describe('a transform', () => {
  it('gets a copy with times in milliseconds and JSON parsed, and the source', async () => {
    const outcome = await run((event: Record<string, unknown>, about: unknown) => {
      expect(about).toEqual({ source: 'shop' })
      expect(event).toMatchObject({
        message_id: 'm',
        timestamp: 5,
        properties: { 'a%25': 1 },
        violations: [],
      })
      expect(Object.hasOwn(event, 'source')).toBe(false)
      return event
    })
    expect(outcome).toEqual({ kind: 'same', row: createRow() })
  })

  it('may change an event, and the row stays what it was', async () => {
    const row = createRow()
    const outcome = await transformRow((event) => {
      event.properties['x'] = { deep: [1] }
      return { ...event, country: 'DE', timestamp: 6, violations: [] }
    }, row)
    expect(outcome).toMatchObject({
      kind: 'changed',
      row: { source: 'shop', country: 'DE', timestamp: 6, properties: { x: { deep: [1] } } },
    })
    expect(row).toEqual(createRow())
  })

  it('may leave an event out, and may take its time', async () => {
    expect(await run(async () => null)).toEqual({ kind: 'left_out' })
  })

  it('empties a column that it leaves out', async () => {
    const outcome = await run(({ properties: _, ...event }: { properties: unknown }) => event)
    expect(outcome).toMatchObject({ kind: 'changed', row: { properties: {} } })
  })

  it.each<[string, object, string]>([
    ['the id', { message_id: 'n' }, 'message_id must stay "m", got "n"'],
    ['the time of the client', { original_timestamp: 1 }, 'original_timestamp must stay 0, got 1'],
    ['the time of receipt', { received_at: 1 }, 'received_at must stay 0, got 1'],
    ['the source', { source: 'x' }, 'source is not a column of events'],
    ['a column that is none', { userId: 'x' }, 'userId is not a column of events'],
    ['the type', { type: 'x' }, 'type must be track, page, screen, identify, group, alias, got "x"'],
    ['text to a number', { user_id: 5 }, 'user_id must be text, got 5'],
    ['a number to text', { asn: '5' }, 'asn must be a whole number below 2^32, got "5"'],
    [
      'a number to one that is too large',
      { seq: 2 ** 32 },
      'seq must be a whole number below 2^32, got 4294967296',
    ],
    ['a truth', { is_bot: 1 }, 'is_bot must be true or false, got 1'],
    ['a time', { timestamp: 1.5 }, 'timestamp must be milliseconds since 1970, got 1.5'],
    ['an object to a list', { traits: [] }, 'traits must be an object, got []'],
    [
      'violations',
      { violations: [{ path: 1 }] },
      'violations must be a list of violations, got [{"path":1}]',
    ],
    ['versions', { lookup_versions: { a: 1 } }, 'lookup_versions must be an object of texts, got {"a":1}'],
  ])('may not change %s', async (_, change, why) => {
    const failure = run((event: object) => ({ ...event, ...change }))
    await expect(failure).rejects.toThrow(TransformFailure)
    await expect(failure).rejects.toThrow(`transform fails on the event m of shop: ${why}`)
  })

  it.each([undefined, 5, 'text', []])('may not give back %j', async (value) => {
    await expect(run(() => value)).rejects.toThrow('it must give back an event or null, got ')
  })
})
