import { describe, expect, it } from 'vitest'
import { createEnvelopeFor } from '../fakes.ts'
import { createWarehouseSink } from './sink.ts'

const deliveries = (...ids: string[]) =>
  ids.map((messageId) => ({ messageId, envelope: createEnvelopeFor(messageId) }))
const chError = (code: string) => Object.assign(new Error(`Code: ${code}`), { code })

describe('the warehouse sink', () => {
  it('writes a whole batch by one insert a table', async () => {
    const inserts: [string, number][] = []
    const sink = createWarehouseSink({
      insert: async (table, rows) => void inserts.push([table, rows.length]),
    })
    expect(await sink.write(deliveries('a', 'b', 'c'))).toEqual([
      { kind: 'written' },
      { kind: 'written' },
      { kind: 'written' },
    ])
    expect(inserts).toEqual([['events', 3]])
  })

  it('writes refused and omitted events to tables of their own, once, also when the events are at fault', async () => {
    const inserts: [string, unknown[]][] = []
    const sink = createWarehouseSink({
      async insert(table, rows) {
        if (rows.some((row) => row['message_id'] === 'bad' && table === 'events')) throw chError('27')
        inserts.push([table, rows.map((row) => row['message_id'])])
      },
    })
    const envelope = createEnvelopeFor('good')
    envelope.events.push(...createEnvelopeFor('bad').events)
    envelope.omitted = [{ messageId: 'o', index: 2, status: 'filtered', reason: 'bot' }]
    expect(await sink.write([{ messageId: 'm', envelope }])).toEqual([{ kind: 'written' }])
    expect(inserts).toEqual([
      ['events', ['good']],
      ['omitted', ['o']],
      ['quarantine', ['bad']],
    ])
  })

  it.each([
    ['the network fails', new TypeError('fetch failed')],
    ['memory runs out', chError('241')],
    ['there are too many parts', chError('252')],
    ['the table is missing', chError('60')],
    ['the password is wrong', chError('516')],
  ])('asks for another try when %s', async (_what, error) => {
    const sink = createWarehouseSink({ insert: () => Promise.reject(error) })
    expect((await sink.write(deliveries('a', 'b'))).map(({ kind }) => kind)).toEqual(['retry', 'retry'])
  })

  it('quarantines the one event whose data is refused and writes all others', async () => {
    const stored: unknown[] = []
    const quarantined: Record<string, unknown>[] = []
    const sink = createWarehouseSink({
      async insert(table, rows) {
        if (table === 'quarantine') return void quarantined.push(...rows)
        if (rows.some((row) => row['message_id'] === 'bad')) throw chError('27')
        stored.push(...rows.map((row) => row['message_id']))
      },
    })
    const mixed = createEnvelopeFor('b1')
    mixed.events = ['b1', 'b2', 'bad', 'b3', 'b4'].flatMap((id) => createEnvelopeFor(id).events)
    const outcomes = await sink.write([
      ...deliveries('a'),
      { messageId: 'mixed', envelope: mixed },
      ...deliveries('c'),
    ])
    expect(outcomes.map(({ kind }) => kind)).toEqual(['written', 'written', 'written'])
    expect([...new Set(stored)].sort()).toEqual(['a', 'b1', 'b2', 'b3', 'b4', 'c'])
    expect(quarantined).toMatchObject([
      { message_id: 'bad', reason: 'not_storable', source: 'shop', type: 'track', event: 'x' },
    ])
    expect(JSON.parse(String(quarantined[0]?.['raw']))).toMatchObject({ messageId: 'bad', event: 'x' })
  })

  it('refuses what cannot even be quarantined, and nothing else', async () => {
    const sink = createWarehouseSink({
      async insert(_table, rows) {
        if (rows.some((row) => row['message_id'] === 'bad')) throw chError('27')
      },
    })
    const outcomes = await sink.write(deliveries('a', 'b', 'bad', 'c', 'd'))
    expect(outcomes.map(({ kind }) => kind)).toEqual(['written', 'written', 'refused', 'written', 'written'])
  })

  it('asks for another try of the whole when trouble comes in between', async () => {
    let calls = 0
    const sink = createWarehouseSink({
      async insert() {
        calls += 1
        throw calls === 1 ? chError('27') : new TypeError('fetch failed')
      },
    })
    const mixed = {
      ...createEnvelopeFor('a'),
      events: [...createEnvelopeFor('a').events, ...createEnvelopeFor('b').events],
    }
    expect(await sink.write([{ messageId: 'm', envelope: mixed }])).toMatchObject([{ kind: 'retry' }])
  })
})
