import { describe, expect, it } from 'vitest'
import { loadLookups } from './load-lookups.ts'

const TABLE = '{"key":"id","rows":{"a":{"x":1}}}'

/** The job over a bucket and a warehouse that says what it has; what was done is listed in short. */
function createJob(
  objects: Record<string, string>,
  loaded: { source: string; name: string; version: string | null }[],
  { failAt = '', pageSize = 1_000, msPerTable = 0 } = {},
) {
  const done: string[] = []
  const logged: Record<string, unknown>[] = []
  let now = 0
  const run = () =>
    loadLookups({
      bucket: {
        async list({ startAfter = '' }) {
          const keys = Object.keys(objects).toSorted()
          const rest = keys.filter((key) => key > startAfter)
          const page = rest.slice(0, pageSize)
          return {
            objects: page.map((key) => ({ key, etag: `of ${objects[key]}` })),
            truncated: rest.length > pageSize,
          }
        },
        async get(key) {
          done.push(`get ${key}`)
          const text = objects[key]
          return text === undefined || text === 'gone'
            ? null
            : { etag: `of ${text}`, uploaded: new Date(1_000), text: async () => text }
        },
      },
      async run(sql, parameters) {
        if (failAt !== '' && sql.includes(failAt)) throw new Error('no ClickHouse')
        if (!sql.includes("'done'")) return
        const { source, name, version } = parameters ?? {}
        done.push(`loaded ${source}/${name} ${version}`)
        now += msPerTable
      },
      read: async <Row>(sql: string) =>
        (sql.includes('groupArray') ? loaded : [{ rows: '1', changed: '1', stale: '0' }]) as Row[],
      randomId: () => 'load',
      now: () => now,
      log: (record) => void logged.push(record),
    })
  return { run, done, logged }
}

describe('loadLookups', () => {
  it('reads a table that is new or of another version, and no other', async () => {
    const objects = {
      'lookups/shop/old.json': TABLE,
      'lookups/shop/new.json': TABLE,
      'lookups/shop/other.json': TABLE,
      'lookups/shop/cut.json': TABLE,
      'lookups/shop/no-table.txt': TABLE,
    }
    const { run, done, logged } = createJob(objects, [
      { source: 'shop', name: 'old', version: `of ${TABLE}` },
      { source: 'shop', name: 'other', version: 'before' },
      { source: 'shop', name: 'cut', version: null },
    ])
    await run()
    const names = ['cut', 'new', 'other']
    expect(done).toEqual(
      names.flatMap((name) => [`get lookups/shop/${name}.json`, `loaded shop/${name} of ${TABLE}`]),
    )
    expect(logged.map(({ event, table }) => [event, table])).toEqual(
      names.map((name) => ['lookup_stored', name]),
    )
  })

  it('empties a table that is no longer there, once', async () => {
    const { run, done } = createJob({}, [
      { source: 'shop', name: 'gone', version: 'v1' },
      { source: 'shop', name: 'cut', version: null },
      { source: 'shop', name: 'empty', version: '' },
    ])
    await run()
    expect(done).toEqual(['loaded shop/gone ', 'loaded shop/cut '])
  })

  it('lists page after page', async () => {
    const objects = Object.fromEntries(
      ['a', 'b', 'c', 'd', 'e'].map((name) => [`lookups/s/${name}.json`, TABLE]),
    )
    const { run, logged } = createJob(objects, [], { pageSize: 2 })
    await run()
    expect(logged).toHaveLength(5)
  })

  it('leaves a table for later that goes while it is read, and goes on after one that is none', async () => {
    const objects = { 'lookups/s/a.json': 'gone', 'lookups/s/b.json': '{"key":', 'lookups/s/c.json': TABLE }
    const { run, logged } = createJob(objects, [])
    await run()
    expect(logged.map(({ event, table, error }) => [event, table, error])).toEqual([
      ['lookup_not_stored', 'b', 'the object is no lookup table'],
      ['lookup_stored', 'c', undefined],
    ])
  })

  it('counts a version as loaded only when all before is done', async () => {
    const { run, done, logged } = createJob({ 'lookups/s/a.json': TABLE }, [], { failAt: 'RELOAD' })
    await run()
    expect([done, logged]).toMatchObject([
      ['get lookups/s/a.json'],
      [{ level: 'error', event: 'lookup_not_stored', error: 'no ClickHouse' }],
    ])
  })

  it('begins no table when the time is up', async () => {
    const objects = Object.fromEntries(['a', 'b', 'c'].map((name) => [`lookups/s/${name}.json`, TABLE]))
    const { run, logged } = createJob(objects, [], { msPerTable: 30_000 })
    await run()
    expect(logged).toHaveLength(2)
  })
})
