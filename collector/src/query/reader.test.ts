import { bind, sql } from '@millrace/schemas/sql'
import { describe, expect, it } from 'vitest'
import { createFakeWarehouse } from './fakes.ts'
import { createAsk, LIMITS } from './reader.ts'

describe('a statement', () => {
  it('is sent with limits, and for one source in two ways', async () => {
    const warehouse = createFakeWarehouse(() => [['DE', 1]])
    const rows = await createAsk(warehouse.run, 'millrace', 'shop')(sql`SELECT ${bind('String', 'x')}`)
    expect(rows).toEqual([['DE', 1]])
    expect(warehouse.requests).toMatchObject([
      { text: 'SELECT {p0:String}', parameters: { p0: 'x', source: 'shop' }, settings: LIMITS },
    ])
    const { additional_table_filters: filters } = warehouse.requests[0]?.settings ?? {}
    expect(filters).toContain(`'millrace.events':'source = \\'shop\\''`)
    expect(filters).toContain(`'millrace.sessions':'source = \\'shop\\''`)
  })

  it('is for a source whose name can be quoted', () => {
    const { run } = createFakeWarehouse()
    expect(() => createAsk(run, 'millrace', "a' OR '1")).toThrow(RangeError)
  })

  it('is not sent when its values are longer than an address', async () => {
    const warehouse = createFakeWarehouse()
    const statement = sql`SELECT ${bind('Array(String)', Array(100).fill('ü'.repeat(100)))}`
    await expect(createAsk(warehouse.run, 'millrace', 'shop')(statement)).rejects.toMatchObject({
      kind: 'too_long',
    })
    expect(warehouse.requests).toEqual([])
  })

  it.each([
    [{ code: '159', type: 'TIMEOUT_EXCEEDED' }, 'too_heavy'],
    [{ code: '241', type: 'MEMORY_LIMIT_EXCEEDED' }, 'too_heavy'],
    [Object.assign(new Error('memory limit (total) exceeded'), { code: '241' }), 'busy'],
    [{ code: '202', type: 'TOO_MANY_SIMULTANEOUS_QUERIES' }, 'busy'],
    [{ code: '62', type: 'SYNTAX_ERROR' }, 'fault'],
    [{ code: 'ECONNREFUSED' }, 'away'],
    [new TypeError('fetch failed'), 'away'],
    [new Error('Timeout error.'), 'away'],
  ])('that fails with %j is %s', async (error, kind) => {
    const ask = createAsk(() => Promise.reject(error), 'millrace', 'shop')
    await expect(ask(sql`SELECT 1`)).rejects.toMatchObject({ kind })
  })
})
