import { describe, expect, it } from 'vitest'
import { createEnvelopeFor } from '../fakes.ts'
import type { InsertRows } from './insert.ts'
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

  it('says which trouble is pressure', async () => {
    const outcomeFor = async (error: unknown) =>
      (await createWarehouseSink({ insert: () => Promise.reject(error) }).write(deliveries('a')))[0]
    expect(await outcomeFor(chError('252'))).toMatchObject({ kind: 'retry', isPressure: true })
    expect(await outcomeFor(new DOMException('late', 'TimeoutError'))).toMatchObject({ isPressure: true })
    expect(await outcomeFor(new TypeError('fetch failed'))).toMatchObject({
      kind: 'retry',
      isPressure: false,
    })
    expect(await outcomeFor(chError('60'))).toMatchObject({ kind: 'retry', isPressure: false })
  })
})

/** Messages of ten events each; `isBad` says which events ClickHouse refuses. */
function createBatch(messages: number, isBad: (id: string) => boolean) {
  const stored = new Set<unknown>()
  const quarantined = new Set<unknown>()
  const counts = { inserts: 0, rows: 0 }
  const batch = Array.from({ length: messages }, (_, m) => {
    const ids = Array.from({ length: 10 }, (_, e) => `m${m}-${e}`)
    const envelope = { ...createEnvelopeFor('x'), events: ids.flatMap((id) => createEnvelopeFor(id).events) }
    return { messageId: `m${m}`, envelope }
  })
  const insert: InsertRows = async (table, rows) => {
    counts.inserts += 1
    counts.rows += rows.length
    const ids = rows.map((row) => String(row['message_id']))
    if (table === 'events' && ids.some(isBad)) throw chError('469')
    for (const id of ids) (table === 'events' ? stored : quarantined).add(id)
  }
  return { batch, insert, stored, quarantined, counts }
}

describe('the search for refused events', () => {
  it('costs a number of inserts that grows with the logarithm of the batch, for each of them', async () => {
    const bad = ['m50-0', 'm7-3', 'm99-9']
    const { batch, insert, stored, quarantined, counts } = createBatch(100, (id) => bad.includes(id))
    const outcomes = await createWarehouseSink({ insert }).write(batch)
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['written']))
    expect([...quarantined].sort()).toEqual(bad)
    expect(stored.size).toBe(997)
    // Of 1,000 events: 20 for each, its insert into quarantine, and the first.
    expect(counts.inserts).toBeLessThanOrEqual(3 * (2 * Math.ceil(Math.log2(1_000)) + 1) + 1)
    expect(counts.rows).toBeLessThan(10_000)
  })

  it('blames nobody for pressure that comes in between, whenever it comes', async () => {
    const bad = ['m1-3', 'm3-9']
    const { counts: whole, ...calm } = createBatch(4, (id) => bad.includes(id))
    await createWarehouseSink({ insert: calm.insert }).write(calm.batch)
    for (let failAt = 1; failAt <= whole.inserts; failAt++) {
      const { batch, insert, stored, quarantined, counts } = createBatch(4, (id) => bad.includes(id))
      const sink = createWarehouseSink({
        async insert(table, rows) {
          if (counts.inserts + 1 >= failAt) throw chError('241')
          await insert(table, rows)
        },
      })
      const outcomes = await sink.write(batch)
      outcomes.forEach((outcome, m) => {
        if (outcome.kind !== 'written') expect(outcome).toMatchObject({ kind: 'retry', isPressure: true })
        else
          for (let e = 0; e < 10; e++)
            expect(stored.has(`m${m}-${e}`) || quarantined.has(`m${m}-${e}`)).toBe(true)
      })
      expect(outcomes.some(({ kind }) => kind === 'retry')).toBe(true)
      expect([...quarantined].filter((id) => !bad.includes(String(id)))).toEqual([])
      // The second try, once it is over, has everything where it belongs.
      await createWarehouseSink({ insert }).write(batch.filter((_, m) => outcomes[m]?.kind === 'retry'))
      expect([...quarantined].sort()).toEqual(bad)
      expect(stored.size).toBe(38)
    }
  })

  it('leaves ClickHouse alone once it is under pressure', async () => {
    let calls = 0
    const sink = createWarehouseSink({
      async insert() {
        calls += 1
        throw chError(calls === 1 ? '469' : '252')
      },
    })
    expect((await sink.write(deliveries('a', 'b', 'c', 'd'))).map(({ kind }) => kind)).toEqual(
      Array(4).fill('retry'),
    )
    expect(calls).toBe(2)
  })
})
