import type { LookupJoin } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { createLookups, type LookupEvent, MAX_JOINED_BYTES } from './lookups.ts'

const PRODUCTS = {
  key: 'product_id',
  rows: {
    p1: { name: 'Tea', price: 2 },
    p2: { name: 'Cup', price: 5 },
    7: { name: 'Seven' },
    true: { name: 'Yes' },
  },
}

/** Joins over tables that are there, and others that are not; a function that waits for the first load of all. */
async function createJoin(tables: Record<string, object> = { 'lookups/shop/products.json': PRODUCTS }) {
  const logged: Record<string, unknown>[] = []
  const texts = new Map(Object.entries(tables).map(([key, table]) => [key, JSON.stringify(table)]))
  const lookups = createLookups({
    bucket: {
      async get(key) {
        const text = texts.get(key)
        return text === undefined ? null : { etag: `v-${key.length}`, text: async () => text }
      },
    },
    now: () => 0,
    log: (record) => void logged.push(record),
  })
  const join = (event: LookupEvent & Record<string, unknown>, ...joins: LookupJoin[]) =>
    lookups.join('shop', joins, event, () => {})
  const prepared = async (event: LookupEvent & Record<string, unknown>, ...joins: LookupJoin[]) => {
    await join(event, ...joins)
    return join(event, ...joins)
  }
  return { join, prepared, logged }
}

const byId: LookupJoin = { table: 'products', on: 'properties.id' }
const byItem: LookupJoin = { table: 'products', on: 'properties.items.*.id', as: 'items' }
const viewed = (properties: object) => ({ type: 'track', event: 'Product Viewed', properties })
const version = 'v-26'

describe('a join', () => {
  it('waits for the first load, and then for nothing', async () => {
    const { join } = await createJoin()
    const first = join(viewed({ id: 'p1' }), byId)
    expect(first).toBeInstanceOf(Promise)
    const facts = { products: { version, row: PRODUCTS.rows.p1 } }
    expect(await first).toEqual(facts)
    expect(join(viewed({ id: 'p1' }), byId)).toEqual(facts)
  })

  it.each([
    ['p2', 'Cup'],
    [7, 'Seven'],
    [true, 'Yes'],
  ])('compares keys as text: %j', async (id, name) => {
    const { prepared } = await createJoin()
    expect(await prepared(viewed({ id }), byId)).toMatchObject({ products: { row: { name } } })
  })

  it.each([
    ['p9'],
    ['__proto__'],
    ['constructor'],
    ['toString'],
    [''],
    [null],
    [undefined],
    [{ p1: 1 }],
    [['p1']],
  ])('finds nothing by %j', async (id) => {
    const { prepared, logged } = await createJoin()
    expect(await prepared(viewed({ id }), byId)).toBeUndefined()
    expect(logged).toMatchObject([{ event: 'lookup_loaded' }])
  })

  it('follows a path through an array, with null for an item without a row', async () => {
    const { prepared } = await createJoin()
    const items = [{ id: 'p2' }, { id: 'p9' }, {}, null, { id: 'p1' }]
    expect(await prepared(viewed({ items }), byItem)).toEqual({
      items: { version, row: [PRODUCTS.rows.p2, null, null, null, PRODUCTS.rows.p1] },
    })
  })

  it.each([[[]], [[{ id: 'p9' }]], ['text'], [undefined]])(
    'is left out when no item of %j has a row',
    async (items) => {
      const { prepared } = await createJoin()
      expect(await prepared(viewed({ items }), byItem)).toBeUndefined()
    },
  )

  it.each<[string[], LookupEvent, boolean]>([
    [['Product Viewed'], { type: 'track', event: 'Product Viewed' }, true],
    [['Product Viewed'], { type: 'track', event: 'Product Added' }, false],
    [['track'], { type: 'track', event: 'Anything' }, true],
    [['page'], { type: 'page' }, true],
    [['page', 'screen'], { type: 'identify' }, false],
    [['Product Viewed'], { type: 'page', event: 'Product Viewed' }, false],
  ])('for %j is for %j: %s', async (events, event, isJoined) => {
    const { prepared } = await createJoin()
    const facts = await prepared({ ...event, properties: { id: 'p1' } }, { ...byId, events })
    expect(facts !== undefined).toBe(isJoined)
  })

  it('gives each event a row of its own', async () => {
    const { prepared, join } = await createJoin()
    const facts = await prepared(viewed({ id: 'p1' }), byId)
    Object.assign(facts?.['products']?.row ?? {}, { name: 'changed' })
    expect(await join(viewed({ id: 'p1' }), byId)).toMatchObject({ products: { row: { name: 'Tea' } } })
  })

  it('goes on without a table that is not there, and joins the others', async () => {
    const { prepared, logged } = await createJoin()
    const plans: LookupJoin = { table: 'plans', on: 'properties.id' }
    expect(await prepared(viewed({ id: 'p1' }), plans, byId)).toEqual({
      products: { version, row: PRODUCTS.rows.p1 },
    })
    expect(logged.map(({ event }) => event).toSorted()).toEqual(['lookup_loaded', 'lookup_missing'])
  })

  it('finds nothing in the table of another source', async () => {
    const { prepared } = await createJoin({ 'lookups/blog/products.json': PRODUCTS })
    expect(await prepared(viewed({ id: 'p1' }), byId)).toBeUndefined()
  })

  it('is left out when its rows are more than an event may have, and says so once', async () => {
    const rows = { big: { text: 'x'.repeat(4_000) }, small: {} }
    const { prepared, join, logged } = await createJoin({ 'lookups/shop/products.json': { key: 'id', rows } })
    const items = (count: number, id: string) => viewed({ id: 'small', items: Array(count).fill({ id }) })
    const fitting = Math.floor(MAX_JOINED_BYTES / 4_011)
    expect((await prepared(items(fitting, 'big'), byItem))?.['items']?.row).toHaveLength(fitting)
    expect(await join(items(fitting + 1, 'big'), byItem, byId)).toEqual({
      products: { version, row: {} },
    })
    expect(await join(items(20_000, 'small'), byItem)).toBeUndefined()
    expect(logged.filter(({ event }) => event === 'lookup_too_large')).toHaveLength(1)
  })
})
