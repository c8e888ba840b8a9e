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

  it('finds the message whose data is refused and writes the others', async () => {
    const stored: unknown[] = []
    const sink = createWarehouseSink({
      async insert(_table, rows) {
        if (rows.some((row) => row['message_id'] === 'bad')) throw chError('27')
        stored.push(...rows.map((row) => row['message_id']))
      },
    })
    const outcomes = await sink.write(deliveries('a', 'b', 'bad', 'c', 'd'))
    expect(outcomes.map(({ kind }) => kind)).toEqual(['written', 'written', 'refused', 'written', 'written'])
    expect(stored.sort()).toEqual(['a', 'b', 'c', 'd'])
  })
})
