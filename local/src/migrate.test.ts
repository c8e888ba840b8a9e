/** Migrations on the real engine: what a crash at any statement, a second run, a retention leave. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  applyMigrations,
  type Loss,
  LossRefused,
  migrateWarehouse,
  planWarehouse,
  type RunStatement,
  type SourceRetention,
} from '@millrace/schemas/migrations'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClickHouseProcess, startClickHouse } from './clickhouse/process.ts'
import { createRun, readMigrations } from './migrate.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-migrate-'))
const migrations = readMigrations()
let clickhouse: ClickHouseProcess

beforeAll(async () => {
  clickhouse = await startClickHouse({ dataPath: directory, port: 0 })
}, 60_000)

afterAll(async () => {
  await clickhouse.stop()
  rmSync(directory, { recursive: true, force: true })
})

/** A new database, and what migrations need of it. */
async function createDatabase(name: string) {
  const runOutside = createRun(clickhouse.url, '')
  await runOutside(`DROP DATABASE IF EXISTS ${name} SYNC`)
  await runOutside(`CREATE DATABASE ${name}`)
  const run = createRun(clickhouse.url, name)
  return {
    target: { database: name, user: 'default', password: '' },
    run,
    runOutside,
    confirm: async () => true,
  }
}

/** Stops before the nth statement that changes something, as a crash would. */
function crashAfter(run: RunStatement, statementCount: number): RunStatement {
  let left = statementCount
  return async (sql) => {
    if (!/^SELECT/.test(sql)) {
      if (left === 0) throw new Error('crash')
      left -= 1
    }
    return run(sql)
  }
}

/** Events from `from` on, every fifth twice, of three people; a few aliases and corrections among them. */
function insertEvents(from: number, count: number): string {
  const id = `toString(${from} + intDiv(number * 5, 6))`
  const time = `toDateTime64('2026-11-01 00:00:00', 3, 'UTC') + toIntervalSecond((${from} + intDiv(number * 5, 6)) * 1000)`
  return `
    INSERT INTO events (source, message_id, type, event, timestamp, original_timestamp, received_at, user_id, anonymous_id, previous_id, context, properties)
    SELECT 'shop', ${id} AS n, if(toUInt32(n) % 50 = 0, 'alias', 'track'),
      multiIf(toUInt32(n) % 50 = 0, 'alias', toUInt32(n) % 50 = 1, '$retract', 'Viewed'), ${time}, ${time}, now64(3),
      concat('u', toString(toUInt32(n) % 3)), concat('a', toString(toUInt32(n) % 3)), if(toUInt32(n) % 50 = 0, concat('old', n), ''), '{}',
      concat('{"messageId":"', n, '"}')
    FROM numbers(${count})`
}

const COUNTS = `
  SELECT
    (SELECT uniqExact(message_id) FROM events) AS ids,
    (SELECT count() FROM events FINAL) AS events,
    (SELECT count() FROM events_resolved WHERE event != '') AS resolved,
    (SELECT uniqExact(key) FROM arrivals WHERE key IN (SELECT cityHash64(source, message_id) FROM events)) AS arrivals,
    (SELECT count() FROM corrections FINAL) AS corrections,
    (SELECT count() FROM identity_pairs FINAL) AS pairs,
    (SELECT engine_full LIKE '%ORDER BY (source, toStartOfHour(original_timestamp), message_id)%' FROM system.tables WHERE database = currentDatabase() AND name = 'events') AS isNew`

/** Every which statement it is cut off at; all of them with many rounds: `PROPERTY_RUNS=100`. */
const CUT_STEP = Number(process.env['PROPERTY_RUNS'] ?? 1) > 10 ? 1 : 3

describe('the migration to the warehouse', () => {
  const early = migrations.filter(({ version }) => version < 4)
  const upTo = migrations.filter(({ version }) => version <= 4)

  /** What is there after each place where it can be cut off, once it was run again. */
  let cuts: Promise<object[]> | undefined

  async function cutEverywhere(): Promise<object[]> {
    const statementCount = await countStatements()
    const results: object[] = []
    for (let crashAt = 0; crashAt <= statementCount; crashAt += CUT_STEP) {
      const { run, target, ...effects } = await createDatabase('cut')
      await applyMigrations(early, target, { run, ...effects })
      await run(insertEvents(0, 300))
      const cut = applyMigrations(upTo, target, { run: crashAfter(run, crashAt), ...effects })
      if (crashAt < statementCount) await expect(cut).rejects.toThrow('crash')
      else await cut
      // The Worker knows nothing of it and goes on.
      await run(insertEvents(250, 300))
      await applyMigrations(upTo, target, { run, ...effects })
      const [after = {}] = await run<object>(COUNTS)
      results.push({ crashAt, ...after })
    }
    expect(results.length * CUT_STEP).toBeGreaterThan(30)
    return results
  }

  it('loses no event, wherever it is cut off', async () => {
    cuts ??= cutEverywhere()
    const results = await cuts
    const whole = { ids: 500, events: 500, resolved: 490, isNew: 1 }
    expect(results).toMatchObject(results.map(() => whole))
  }, 240_000)

  it('leaves no event out of what is filled from events, wherever it is cut off', async () => {
    cuts ??= cutEverywhere()
    const results = await cuts
    const whole = { arrivals: 500, corrections: 10, pairs: 13 }
    expect(results).toMatchObject(results.map(() => whole))
  }, 240_000)

  /** Of an upgrade, with the one that records it. */
  async function countStatements(): Promise<number> {
    const { run, target, ...effects } = await createDatabase('cut')
    await applyMigrations(early, target, { run, ...effects })
    let count = 0
    const counting: RunStatement = async (sql) => {
      if (!/^SELECT/.test(sql)) count += 1
      return run(sql)
    }
    await applyMigrations(upTo, target, { run: counting, ...effects })
    return count
  }

  it('ends the same when several runs begin at once', async () => {
    const { run, target, ...effects } = await createDatabase('several')
    await applyMigrations(early, target, { run, ...effects })
    await run(insertEvents(0, 300))
    const goal = { migrations, target, retention: [] }
    let waits = 0
    const steps: string[] = []
    const runs = Array.from({ length: 4 }, () =>
      migrateWarehouse(goal, {
        run,
        ...effects,
        onWait: () => {
          waits += 1
        },
        onDone: (step) => void steps.push(step.kind === 'migration' ? step.name : step.table),
      }),
    )
    await Promise.all(runs)
    expect(waits).toBe(3)
    expect(steps).toEqual(migrations.filter(({ version }) => version > 3).map(({ name }) => name))
    expect(await run(COUNTS)).toMatchObject([{ ids: 250, events: 250, isNew: 1 }])
    expect(await run("SELECT name FROM system.tables WHERE name LIKE 'migration\\\\_%'")).toEqual([])
  })

  it('asks before the table of the old events goes', async () => {
    const { run, target, ...effects } = await createDatabase('asked')
    await applyMigrations(early, target, { run, ...effects })
    await run(insertEvents(0, 300))
    const losses: Loss[] = []
    const confirm = async (loss: Loss) => {
      losses.push(loss)
      return false
    }
    await expect(applyMigrations(migrations, target, { run, ...effects, confirm })).rejects.toThrow(
      LossRefused,
    )
    expect(losses).toMatchObject([
      { origin: '0005_drop_old_events.sql', what: 'drops the table events_0004', rows: 250 },
    ])
    expect(losses[0]?.tableBytes).toBeGreaterThan(1_000)
  })
})

describe('the migrations for a cluster', () => {
  it('are statements that ClickHouse can read', async () => {
    const run = createRun(clickhouse.url, '')
    const target = { database: 'spread', user: "o'neill", password: 'x', cluster: 'main' }
    const retention = [{ source: 'shop', retention: { eventsDays: 3, quarantineDays: 3, rollupsDays: 3 } }]
    const nothing: RunStatement = async () => []
    const planned = await planWarehouse(
      { migrations, target, retention },
      { run: nothing, runOutside: nothing },
    )
    for (const { sql } of planned) await run(`EXPLAIN AST ${sql}`)
    expect(planned.length).toBeGreaterThan(60)
    expect(
      planned.some(({ sql }) =>
        /^CREATE TABLE IF NOT EXISTS events_local [\s\S]*ReplicatedReplacing/.test(sql),
      ),
    ).toBe(true)
  })
})

describe('retention', () => {
  const rows = (source: string, ages: readonly number[]) =>
    ages.map((age) => `('${source}', '${source}-${age}', now() - toIntervalDay(${age}))`).join(', ')

  async function createFilled(name: string) {
    const { run, target, ...effects } = await createDatabase(name)
    await migrateWarehouse({ migrations, target, retention: [] }, { run, ...effects })
    const values = ['shop', 'blog', 'dev'].map((source) => rows(source, [1, 40, 100])).join(', ')
    await run(
      `INSERT INTO events (source, message_id, timestamp, context) VALUES ${values.replaceAll('))', "), '{}')")}`,
    )
    await run(`INSERT INTO sessions (source, session_id, ended_at) VALUES ${values}`)
    await run(`INSERT INTO quarantine (source, message_id, received_at) VALUES ${values}`)
    await run(`INSERT INTO rollup_hour (source, event, hour) VALUES ${values}`)
    await run(`INSERT INTO live_windows (source, name, window_start) VALUES ${values}`)
    const losses: Loss[] = []
    const steps: object[] = []
    const answers: boolean[] = []
    const set = (...retention: SourceRetention[]) =>
      migrateWarehouse(
        { migrations, target, retention },
        {
          run,
          ...effects,
          onDone: (step) => void steps.push(step),
          confirm: async (loss) => {
            losses.push(loss)
            return answers.shift() ?? true
          },
        },
      )
    const left = async (table: string, id: string) => {
      await run(`OPTIMIZE TABLE ${table} FINAL`)
      const found = await run<{ id: string }>(`SELECT ${id} AS id FROM ${table} ORDER BY id`)
      return found.map((row) => row.id)
    }
    return { run, set, left, losses, steps, answers }
  }

  it('lets the rows of each source go in its own time, and asks before', async () => {
    const { set, left, losses, steps } = await createFilled('kept')
    await set(
      { source: 'shop', retention: { eventsDays: 30, rollupsDays: 60 } },
      { source: 'blog', retention: { eventsDays: 90, quarantineDays: 10 } },
      { source: 'dev', retention: {} },
    )
    const stay = ['blog-1', 'blog-40', 'dev-1', 'dev-100', 'dev-40', 'shop-1']
    expect(await left('events', 'message_id')).toEqual(stay)
    expect(await left('sessions', 'session_id')).toEqual(stay)
    // As events, since nothing else is said.
    expect(await left('live_windows', 'name')).toEqual(stay)
    expect(await left('quarantine', 'message_id')).toEqual([
      'blog-1',
      'dev-1',
      'dev-100',
      'dev-40',
      'shop-1',
      'shop-100',
      'shop-40',
    ])
    expect(await left('rollup_hour', 'event')).toEqual([
      'blog-1',
      'blog-100',
      'blog-40',
      'dev-1',
      'dev-100',
      'dev-40',
      'shop-1',
      'shop-40',
    ])
    expect(losses).toMatchObject([
      {
        origin: 'retention',
        what:
          'deletes rows that are past their time: 3 of events (blog 90 days, shop 30 days); ' +
          '3 of sessions (blog 90 days, shop 30 days); 2 of quarantine (blog 10 days); 1 of rollup_hour (shop 60 days); ' +
          '3 of live_windows (blog 90 days, shop 30 days)',
        rows: 12,
      },
    ])
    expect(steps.length).toBe(10)
  })

  it('is set once, and asked about only when it is shortened', async () => {
    const { set, losses, steps, run } = await createFilled('again')
    const shop = (eventsDays?: number) => ({
      source: 'shop',
      retention: eventsDays === undefined ? {} : { eventsDays },
    })
    await set(shop(200))
    await set(shop(200))
    expect([steps.length, losses.length]).toEqual([5, 0])
    await set(shop(50))
    expect([steps.length, losses.length]).toEqual([10, 1])
    await set(shop(60))
    await set(shop())
    await set(shop())
    expect([steps.length, losses.length]).toEqual([20, 1])
    expect(
      await run(
        "SELECT count() AS count FROM system.tables WHERE database = 'again' AND engine_full LIKE '%WHERE source = %'",
      ),
    ).toEqual([{ count: 0 }])
  })

  it('lets what corrects an event go after the event, however far back the correction moved it', async () => {
    const { run, set, left } = await createFilled('corrected')
    const moved = (id: string, came: number, to: number) =>
      `('shop', '${id}', now() - toIntervalDay(${came}), now() - toIntervalDay(${came}), now() - toIntervalDay(${to}), '{}')`
    await run(`INSERT INTO corrected_events (source, message_id, received_at, original_timestamp, timestamp, context)
      VALUES ${moved('back', 20, 80)}, ${moved('gone', 40, 80)}, ${moved('stays', 20, 20)}`)
    await set({ source: 'shop', retention: { eventsDays: 30 } })
    expect(await left('corrected_events', 'message_id')).toEqual(['back', 'stays'])
  })

  it('that is refused changes nothing that loses rows', async () => {
    const { set, left, answers } = await createFilled('refused')
    answers.push(false)
    await expect(set({ source: 'shop', retention: { eventsDays: 30 } })).rejects.toThrow(LossRefused)
    expect((await left('events', 'message_id')).length).toBe(9)
  })

  it('of a source that the configuration lost, and a TTL by hand, stay', async () => {
    const { set, run, steps } = await createFilled('stays')
    await run('ALTER TABLE omitted MODIFY TTL toDate(received_at) + INTERVAL 1 YEAR')
    await set({ source: 'shop', retention: { eventsDays: 200 } })
    await set({ source: 'blog', retention: { eventsDays: 300 } })
    expect(steps.at(-1)).toMatchObject({ table: 'live_windows', rules: 'blog 300 days, shop 200 days' })
    await set({ source: 'blog', retention: { eventsDays: 300, quarantineDays: 9000 } })
    expect(steps.at(-1)).toMatchObject({ table: 'omitted', rules: 'blog 9008 days' })
  })
})
