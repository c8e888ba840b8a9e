import { describe, expect, it } from 'vitest'
import type { RunStatement } from './effects.ts'
import { withLock } from './lock.ts'

/** A database that knows how to create, rename and drop tables, and a clock that a sleep moves on. */
function createDatabase() {
  const tables = new Map<string, { holder: string; touchedAt: number }>()
  let now = 0
  const take = (name: string) => {
    const table = tables.get(name)
    if (table === undefined) throw new Error(`no ${name}`)
    tables.delete(name)
    return table
  }
  const put = (name: string, table: { holder: string; touchedAt: number }) => {
    if (tables.has(name)) throw new Error(`${name} exists`)
    tables.set(name, table)
  }
  const run = async (sql: string): Promise<object[]> => {
    const [verb] = sql.split(' ')
    const [, name = ''] = /TABLE (?:IF EXISTS )?(\w+)/.exec(sql) ?? []
    if (verb === 'CREATE') put(name, { holder: /COMMENT '(\w+)'/.exec(sql)?.[1] ?? '', touchedAt: now })
    if (verb === 'RENAME') put(/TO (\w+)/.exec(sql)?.[1] ?? '', take(name))
    if (verb === 'DROP') take(name)
    const lock = tables.get('migration_lock')
    if (sql.startsWith('SELECT comment'))
      return lock === undefined ? [] : [{ ...lock, age: now - lock.touchedAt }]
    if (sql.startsWith('SELECT name'))
      return [...tables.keys()].filter((key) => key !== 'migration_lock').map((key) => ({ name: key }))
    return []
  }
  return {
    tables,
    run: run as RunStatement,
    sleep: async () => {
      now += 1
      await new Promise((resolve) => setTimeout(resolve, 1))
    },
  }
}

describe('withLock', () => {
  it('lets one work at a time, and leaves nothing behind', async () => {
    const { tables, ...database } = createDatabase()
    let atWork = 0
    const waits: string[] = []
    const work = (holder: string) =>
      withLock({ ...database, holder, onWait: () => void waits.push(holder) }, async (assertHeld) => {
        atWork += 1
        expect(atWork).toBe(1)
        await database.sleep()
        await assertHeld()
        atWork -= 1
        return holder
      })
    expect(await Promise.all([work('a'), work('b'), work('c')])).toEqual(['a', 'b', 'c'])
    expect([waits.length, tables.size]).toEqual([2, 0])
  })

  it('is given back when the work fails', async () => {
    const { tables, ...database } = createDatabase()
    await expect(withLock(database, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(tables.size).toBe(0)
  })

  it('takes over from a holder that gave no sign of life for half a minute, once', async () => {
    const { tables, ...database } = createDatabase()
    tables.set('migration_lock', { holder: 'gone', touchedAt: 0 })
    const seen: string[][] = []
    const work = async () => void seen.push([...tables.keys()])
    await Promise.all([
      withLock({ ...database, holder: 'a' }, work),
      withLock({ ...database, holder: 'b' }, work),
    ])
    expect(seen).toEqual([['migration_lock_gone', 'migration_lock'], ['migration_lock']])
    expect(tables.size).toBe(0)
  })

  it('stops one from which another took over', async () => {
    const { tables, ...database } = createDatabase()
    const slept = withLock({ ...database, holder: 'a' }, (assertHeld) => {
      tables.set('migration_lock', { holder: 'b', touchedAt: 0 })
      return assertHeld()
    })
    await expect(slept).rejects.toThrow(/another run took over/)
    expect(tables.get('migration_lock')?.holder).toBe('b')
  })

  it('tells why when it cannot be had at all', async () => {
    const run: RunStatement = (sql) =>
      sql.startsWith('SELECT') ? Promise.resolve([]) : Promise.reject(new Error('read-only'))
    await expect(withLock({ run }, async () => {})).rejects.toThrow('read-only')
  })
})
