import { describe, expect, it } from 'vitest'
import { columnsOf, createDatabase, renderForCluster } from './cluster.ts'
import { parseStatements } from './statements.ts'

const files = import.meta.glob('../../migrations/*.sql', { query: '?raw', import: 'default', eager: true })
const released = Object.keys(files)
  .sort()
  .map((name) => parseStatements(files[name] ?? ''))

/** Statements of one file, rendered for the cluster `main`. */
function render(text: string): string[] {
  return renderForCluster([parseStatements(text)], 'main')
    .flat()
    .map(({ sql }) => sql)
}

const TABLES = `
-- shard by: cityHash64(a, b)
CREATE TABLE IF NOT EXISTS one
(
    a String COMMENT 'x, y',
    b String
)
ENGINE = ReplacingMergeTree(b)
ORDER BY (a, b)
TTL day + INTERVAL 1 DAY;
-- shard by: cityHash64(a, b)
CREATE TABLE IF NOT EXISTS two AS one
ENGINE = MergeTree
ORDER BY (a, b);
-- shard by: c
CREATE TABLE IF NOT EXISTS three (c UInt64)
ENGINE = ReplacingMergeTree
ORDER BY c;
`

/** What becomes of a text that follows {@link TABLES}. */
function renderAfter(text: string): string[] {
  return render(TABLES + text).slice(6)
}

describe('renderForCluster', () => {
  it('makes of a table one that is replicated and one that is distributed', () => {
    expect(render(TABLES)).toEqual([
      "CREATE TABLE IF NOT EXISTS one_local ON CLUSTER 'main'\n(\n    a String COMMENT 'x, y',\n    b String\n)\n" +
        'ENGINE = ReplicatedReplacingMergeTree(b)\nORDER BY (a, b)\nTTL day + INTERVAL 1 DAY',
      "CREATE TABLE IF NOT EXISTS one ON CLUSTER 'main' AS {database}.one_local\n" +
        "ENGINE = Distributed('main', '{database}', 'one_local', cityHash64(a, b))",
      "CREATE TABLE IF NOT EXISTS two_local ON CLUSTER 'main' AS {database}.one_local\nENGINE = ReplicatedMergeTree\nORDER BY (a, b)",
      "CREATE TABLE IF NOT EXISTS two ON CLUSTER 'main' AS {database}.two_local\n" +
        "ENGINE = Distributed('main', '{database}', 'two_local', cityHash64(a, b))",
      "CREATE TABLE IF NOT EXISTS three_local ON CLUSTER 'main' (c UInt64)\nENGINE = ReplicatedReplacingMergeTree\nORDER BY c",
      "CREATE TABLE IF NOT EXISTS three ON CLUSTER 'main' AS {database}.three_local\n" +
        "ENGINE = Distributed('main', '{database}', 'three_local', c)",
    ])
  })

  it('alters both in their columns, and only the one with the rows in how they are stored', () => {
    const text = `ALTER TABLE one
    ADD COLUMN IF NOT EXISTS c String DEFAULT concat(a, ',', b) COMMENT 'it''s, so',
    ADD INDEX i c TYPE minmax,
    DROP COLUMN IF EXISTS b;
ALTER TABLE one MODIFY SETTING index_granularity = 1;`
    const add = "    ADD COLUMN IF NOT EXISTS c String DEFAULT concat(a, ',', b) COMMENT 'it''s, so'"
    expect(renderAfter(text)).toEqual([
      `ALTER TABLE one_local ON CLUSTER 'main'\n${add},\n    ADD INDEX i c TYPE minmax,\n    DROP COLUMN IF EXISTS b`,
      `ALTER TABLE one ON CLUSTER 'main'\n${add},\n    DROP COLUMN IF EXISTS b`,
      "ALTER TABLE one_local ON CLUSTER 'main'\n    MODIFY SETTING index_granularity = 1",
    ])
  })

  it.each([
    ['in the shard where both are spread alike', 'two', 'SELECT a, b FROM one', 'two_local'],
    [
      'in the shard where the key is computed alike',
      'three',
      'SELECT cityHash64(a, b) AS c, 1 AS d FROM one',
      'three_local',
    ],
    ['across shards where they are not', 'three', 'SELECT 1 AS c FROM one', 'three'],
    [
      'across shards where a column of the key changes',
      'two',
      "SELECT a, concat(a, 'x') AS b FROM one",
      'two',
    ],
  ])('fills a table from another %s', (_how, to, select, target) => {
    expect(renderAfter(`CREATE MATERIALIZED VIEW IF NOT EXISTS v TO ${to} AS\n${select};`)).toEqual([
      `CREATE MATERIALIZED VIEW IF NOT EXISTS v ON CLUSTER 'main' TO ${target} AS\n${select.replace('FROM one', 'FROM one_local')}`,
    ])
  })

  it('exchanges the tables with the rows and makes those in front of them anew, after a crash too', () => {
    const text =
      "-- unless: SELECT 1 FROM system.tables WHERE name = 'one' AND name != 'other'\nEXCHANGE TABLES one AND two;"
    const rendered = renderForCluster([parseStatements(TABLES + text)], 'main')
      .flat()
      .slice(6)
    expect(rendered.map(({ sql, unless }) => [sql.split('\n')[0], unless])).toEqual([
      [
        "EXCHANGE TABLES one_local AND two_local ON CLUSTER 'main'",
        "SELECT 1 FROM system.tables WHERE name = 'one_local' AND name != 'other'",
      ],
      ["CREATE OR REPLACE TABLE one ON CLUSTER 'main' AS {database}.one_local", undefined],
      ["CREATE OR REPLACE TABLE two ON CLUSTER 'main' AS {database}.two_local", undefined],
    ])
  })

  it('drops both tables, and views and dictionaries everywhere', () => {
    const text = 'DROP TABLE IF EXISTS one;\nDROP VIEW IF EXISTS v;\nDROP DICTIONARY IF EXISTS d;\n'
    expect(renderAfter(text)).toEqual([
      "DROP TABLE IF EXISTS one ON CLUSTER 'main' SYNC",
      "DROP TABLE IF EXISTS one_local ON CLUSTER 'main' SYNC",
      "DROP VIEW IF EXISTS v ON CLUSTER 'main' SYNC",
      "DROP DICTIONARY IF EXISTS d ON CLUSTER 'main' SYNC",
    ])
  })

  it('asks for the set of all shards in a view, and waits for an insert to arrive', () => {
    const text = `CREATE OR REPLACE VIEW v AS SELECT * FROM one WHERE a IN ('x') AND (a, b) NOT IN (SELECT a, b FROM two);
INSERT INTO one (* EXCEPT (b)) SELECT a FROM two;`
    expect(renderAfter(text)).toEqual([
      "CREATE OR REPLACE VIEW v ON CLUSTER 'main' AS\nSELECT * FROM one WHERE a IN ('x') AND (a, b) GLOBAL NOT IN (SELECT a, b FROM two)",
      'INSERT INTO one (* EXCEPT (b)) SETTINGS distributed_foreground_insert = 1 SELECT a FROM two',
    ])
  })

  it.each([
    [
      'CREATE TABLE IF NOT EXISTS x (a String)\nENGINE = MergeTree\nORDER BY a;',
      'a line "-- shard by: expression" must stand before it',
    ],
    ['EXCHANGE TABLES one AND three;', 'both must be tables of the migrations that are spread alike'],
    [
      'CREATE MATERIALIZED VIEW IF NOT EXISTS v TO one AS SELECT a FROM two JOIN three USING c;',
      'such a view must read one table',
    ],
    ['OPTIMIZE TABLE one;', 'it is of no kind that is known there'],
  ])('refuses %j', (text, reason) => {
    expect(() => renderAfter(text)).toThrow(reason)
  })

  it('names the cluster where the database is made', () => {
    expect([createDatabase('db', undefined), createDatabase('db', 'main')]).toEqual([
      'CREATE DATABASE IF NOT EXISTS db',
      "CREATE DATABASE IF NOT EXISTS db ON CLUSTER 'main'",
    ])
  })
})

describe('the released migrations for a cluster', () => {
  const rendered = renderForCluster(released, 'main').flat()

  it('are all rendered, and every statement but an insert is for the whole cluster', () => {
    expect(rendered.length).toBeGreaterThan(released.flat().length)
    const elsewhere = rendered.filter(({ sql }) => !/ ON CLUSTER 'main'/.test(sql))
    expect(
      elsewhere.filter(({ sql }) => !/^INSERT INTO .* SETTINGS distributed_foreground_insert = 1/.test(sql)),
    ).toEqual([])
  })

  // The earlier tables have their expression in the renderer, so it is read from what is rendered.
  const expressions = new Map(
    rendered.flatMap(({ sql }) => {
      const [, table = '', expression = ''] =
        /^CREATE TABLE .*Distributed\('main', '\{database\}', '(\w+)_local', (.*)\)$/s.exec(sql) ?? []
      return table === '' ? [] : [[table, expression] as const]
    }),
  )
  const replacing = released.flat().flatMap(({ sql }) => {
    const [, table = '', key = ''] =
      /^CREATE TABLE IF NOT EXISTS (\w+)[\s\S]*\nENGINE = ReplacingMergeTree[\s\S]*\nORDER BY (.*)/.exec(
        sql,
      ) ?? []
    return table === '' ? [] : [[table, key] as const]
  })

  it.each(replacing)('let all copies of a row of %s meet in one shard', (table, key) => {
    const used = columnsOf(expressions.get(table) ?? '')
    expect(used.length).toBeGreaterThan(0)
    // A column in a function of the key may differ where the function does not.
    const columns: string[] = key.replace(/\w+\([^()]*\)/g, '').match(/\w+/g) ?? []
    expect(used.filter((column) => !columns.includes(column))).toEqual([])
  })
})
