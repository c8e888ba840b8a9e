/**
 * What ever new keys cost: objects beyond the limit of paths share one column, and how that is written decides how long
 * merges take, and how long it takes to read one key.
 */

import { type Measured, quantile } from '../measure.ts'
import { type MeasuredWarehouse, timeOf, timesOf } from './warehouse.ts'

/** Objects, of five keys that nobody else has and one that all have. */
const ROWS = 8_000

const PARTS = 4

const SETTINGS: Record<string, string> = {
  'as migration 0004 has it':
    "object_shared_data_serialization_version = 'map', object_shared_data_serialization_version_for_zero_level_parts = 'map'",
  "by ClickHouse's default": 'index_granularity = 8192',
}

/** Measures in tables of its own. */
export async function measureJsonKeys(
  { run, read }: MeasuredWarehouse,
  report: (line: string) => void,
): Promise<Measured[]> {
  const results: Measured[] = []
  for (const [name, settings] of Object.entries(SETTINGS)) {
    report(`keys: ${name}`)
    await run(
      `CREATE TABLE keys (id UInt64, properties JSON(max_dynamic_paths = 512)) ENGINE = MergeTree ORDER BY id SETTINGS ${settings}`,
    )
    await run('SYSTEM STOP MERGES keys')
    const insert = await timeOf(async () => {
      for (let part = 0; part < PARTS; part++) await run(insertSql(part * (ROWS / PARTS), ROWS / PARTS))
    })
    await run('SYSTEM START MERGES keys')
    const merge = await timeOf(() => run('OPTIMIZE TABLE keys FINAL'))
    const common = await timesOf(() => read('SELECT sum(properties.price.:Float64) FROM keys'), 5)
    const rare = await timesOf(() => read('SELECT count(properties.key_7_3) FROM keys'), 5)
    const line = (what: string, value: number): Measured => ({
      name: `new keys, ${name}: ${what}`,
      value,
      unit: 'ms',
    })
    results.push(
      line(`insert of ${ROWS.toLocaleString('en')} objects`, insert),
      line('merge into one part', merge),
      line('reading a key that all have', quantile(common, 0.5)),
      line('reading a key that one has', quantile(rare, 0.5)),
    )
    await run('DROP TABLE keys SYNC')
  }
  return results
}

function insertSql(from: number, count: number): string {
  const keys = [1, 2, 3, 4, 5].map((k) => `'"key_' || toString(number) || '_${k}":${k}'`).join(" || ',' || ")
  return `INSERT INTO keys SELECT number, '{"price":' || toString(number / 100) || ',' || ${keys} || '}' FROM numbers(${from}, ${count})`
}
