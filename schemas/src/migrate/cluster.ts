/**
 * Renders migrations for a cluster of several ClickHouse servers, from the same files as those of one.
 *
 * A table `t` becomes two: `t_local`, replicated, holds the rows of a shard; `t`, distributed, is what everyone reads and
 * writes, and sends each row to its shard by the expression of `-- shard by:`. Copies of an event must meet in one shard, or
 * none of them replaces the other, so the expression may only use columns of the sorting key.
 *
 * Statements are known by how they begin. One that is of no known kind is an error: a test renders every migration.
 */

import { quoteLiteral, type Statement } from './statements.ts'

/** What spreads the tables of files that were written before there were clusters. */
const EARLIER_SHARDING: readonly (readonly [string, string])[] = [
  ['events', 'cityHash64(source, message_id)'],
  ['quarantine', 'cityHash64(source, message_id)'],
  ['omitted', 'cityHash64(source, message_id)'],
]

/** Makes an insert through a distributed table end when the rows are in their shards. */
export const FOREGROUND = 'SETTINGS distributed_foreground_insert = 1'

/** What is known while the files are walked through. */
interface Progress {
  /** Name of the cluster as a literal. */
  cluster: string
  /** Tables so far, and what spreads them. */
  sharding: Map<string, string>
}

type Render = (found: RegExpExecArray, statement: Statement, progress: Progress) => string[]

const KINDS: readonly (readonly [RegExp, Render])[] = [
  [
    /^CREATE TABLE IF NOT EXISTS (\w+)(?: AS (\w+))?([\s\S]*?)\nENGINE = (\w*MergeTree\b[\s\S]*)$/,
    renderTable,
  ],
  [/^ALTER TABLE (\w+)\s+([\s\S]+)$/, renderAlter],
  [/^CREATE MATERIALIZED VIEW IF NOT EXISTS (\w+) TO (\w+) AS\s+([\s\S]+)$/, renderMaterializedView],
  [/^(CREATE OR REPLACE VIEW \w+) AS\s+([\s\S]+)$/, renderView],
  [/^(CREATE DICTIONARY IF NOT EXISTS \w+)\s+([\s\S]+)$/, renderDictionary],
  [/^(INSERT INTO \w+(?: \([\s\S]*?\))?)\s+(SELECT\b[\s\S]+)$/, renderInsert],
  [/^EXCHANGE TABLES (\w+) AND (\w+)$/, renderExchange],
  [/^(DROP (?:TABLE|VIEW|DICTIONARY) IF EXISTS) (\w+)$/, renderDrop],
]

/** Parts of an `ALTER` that a distributed table takes too; all others concern how rows are stored. */
const OF_BOTH = /^(ADD|DROP|MODIFY|RENAME|COMMENT) COLUMN\b/

/**
 * Statements for a cluster.
 *
 * @param files statements of each migration, all of them, in order: a later file may alter what an earlier one created
 * @returns the same files with their statements rendered; one statement may become several
 * @throws RangeError when a statement cannot be rendered, with its beginning and the reason
 */
export function renderForCluster(files: readonly (readonly Statement[])[], cluster: string): Statement[][] {
  const progress: Progress = { cluster: quoteLiteral(cluster), sharding: new Map(EARLIER_SHARDING) }
  return files.map((statements) => statements.flatMap((statement) => renderStatement(statement, progress)))
}

/** The statement that makes the database, on every server of a cluster. */
export function createDatabase(database: string, cluster: string | undefined): string {
  const where = cluster === undefined ? '' : ` ON CLUSTER ${quoteLiteral(cluster)}`
  return `CREATE DATABASE IF NOT EXISTS ${database}${where}`
}

function renderStatement(statement: Statement, progress: Progress): Statement[] {
  for (const [pattern, render] of KINDS) {
    const found = pattern.exec(statement.sql)
    if (found === null) continue
    const rendered = render(found, statement, progress)
    const { comment } = statement
    const unless = statement.unless?.replace(/\bname = '(\w+)'/g, (text, table: string) =>
      progress.sharding.has(table) ? `name = '${table}_local'` : text,
    )
    // A table in front of the shards may be replaced at any time, and must be when a crash came right after the exchange.
    return rendered.map((sql) => {
      const isAlways = unless === undefined || sql.startsWith('CREATE OR REPLACE TABLE')
      return { sql, comment, ...(isAlways ? {} : { unless }) }
    })
  }
  throw fail(statement.sql, 'it is of no kind that is known there')
}

function renderTable(
  [sql, table = '', like, columns = '', engine = '']: RegExpExecArray,
  { shardBy }: Statement,
  progress: Progress,
): string[] {
  const expression = shardBy ?? progress.sharding.get(table)
  if (expression === undefined) throw fail(sql, 'a line "-- shard by: expression" must stand before it')
  progress.sharding.set(table, expression)
  const as = like === undefined ? '' : ` AS {database}.${like}_local`
  return [
    `CREATE TABLE IF NOT EXISTS ${table}_local ON CLUSTER ${progress.cluster}${as}${columns}\nENGINE = Replicated${engine}`,
    `CREATE TABLE IF NOT EXISTS ${distributed(table, progress)}`,
  ]
}

function renderAlter(
  [, table = '', commands = '']: RegExpExecArray,
  _: Statement,
  { cluster }: Progress,
): string[] {
  const parts = splitAtCommas(commands)
  const alter = (name: string, some: readonly string[]) =>
    some.length === 0 ? [] : [`ALTER TABLE ${name} ON CLUSTER ${cluster}\n    ${some.join(',\n    ')}`]
  return [
    ...alter(`${table}_local`, parts),
    ...alter(
      table,
      parts.filter((part) => OF_BOTH.test(part)),
    ),
  ]
}

/**
 * A view that fills one table from another does so in every shard by itself. It writes into the shard's own table where its
 * rows belong there, because both are spread alike; else through the distributed one.
 */
function renderMaterializedView(
  [sql, view = '', target = '', select = '']: RegExpExecArray,
  _: Statement,
  { cluster, sharding }: Progress,
): string[] {
  const [, source = ''] = /\bFROM (\w+)/.exec(select) ?? []
  const others = [...select.matchAll(/\b(?:FROM|JOIN|IN) (\w+)/g)].filter(([, name]) => name !== source)
  const from = sharding.get(source)
  const to = sharding.get(target)
  if (from === undefined || to === undefined || others.length > 0)
    throw fail(sql, 'such a view must read one table and write into another of the migrations')
  const isSame = from === to && !changesColumns(select, from)
  const writes = isSame || select.includes(`${from} AS ${to},`) ? `${target}_local` : target
  const reads = select.replace(new RegExp(`\\bFROM ${source}\\b`, 'g'), `FROM ${source}_local`)
  return [`CREATE MATERIALIZED VIEW IF NOT EXISTS ${view} ON CLUSTER ${cluster} TO ${writes} AS\n${reads}`]
}

/** Whether a select gives one of the expression's columns another value. */
function changesColumns(select: string, expression: string): boolean {
  return columnsOf(expression).some((column) => new RegExp(`\\bAS ${column}\\b`).test(select))
}

/** Names in an expression that are no functions. */
export function columnsOf(expression: string): string[] {
  return [...expression.matchAll(/\b[a-z_]\w*\b(?!\s*\()/g)].map(([name]) => name)
}

/** A set that is asked for in every shard is computed once: it must be that of all shards. */
function renderView(
  [, create = '', select = '']: RegExpExecArray,
  _: Statement,
  { cluster }: Progress,
): string[] {
  return [
    `${create} ON CLUSTER ${cluster} AS\n${select.replace(/\b((?:NOT )?IN \(\s*SELECT\b)/g, 'GLOBAL $1')}`,
  ]
}

/** Each server has the whole dictionary: it reads the distributed table. */
function renderDictionary(
  [, create = '', rest = '']: RegExpExecArray,
  _: Statement,
  { cluster }: Progress,
): string[] {
  return [`${create} ON CLUSTER ${cluster}\n${rest}`]
}

function renderInsert([, insert = '', select = '']: RegExpExecArray): string[] {
  return [`${insert} ${FOREGROUND} ${select}`]
}

/** The tables with the rows are exchanged; those in front of them are made anew, for they know the columns of the others. */
function renderExchange(
  [sql, one = '', other = '']: RegExpExecArray,
  _: Statement,
  progress: Progress,
): string[] {
  const { cluster, sharding } = progress
  if (sharding.get(one) === undefined || sharding.get(one) !== sharding.get(other))
    throw fail(sql, 'both must be tables of the migrations that are spread alike')
  return [
    `EXCHANGE TABLES ${one}_local AND ${other}_local ON CLUSTER ${cluster}`,
    `CREATE OR REPLACE TABLE ${distributed(one, progress)}`,
    `CREATE OR REPLACE TABLE ${distributed(other, progress)}`,
  ]
}

function renderDrop([, drop = '', name = '']: RegExpExecArray, _: Statement, progress: Progress): string[] {
  const { cluster, sharding } = progress
  const own = `${drop} ${name} ON CLUSTER ${cluster} SYNC`
  return sharding.delete(name) ? [own, `${drop} ${name}_local ON CLUSTER ${cluster} SYNC`] : [own]
}

/** Name, place and engine of the table in front of the shards. */
function distributed(table: string, { cluster, sharding }: Progress): string {
  const parameters = `${cluster}, '{database}', '${table}_local', ${sharding.get(table)}`
  return `${table} ON CLUSTER ${cluster} AS {database}.${table}_local\nENGINE = Distributed(${parameters})`
}

/** Parts between the commas that stand neither in brackets nor in quotes. */
function splitAtCommas(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let from = 0
  for (const { 0: token, index } of text.matchAll(/'(?:[^'\\]|\\.|'')*'|[()[\],]/g)) {
    if (token === '(' || token === '[') depth += 1
    else if (token === ')' || token === ']') depth -= 1
    else if (token === ',' && depth === 0) {
      parts.push(text.slice(from, index).trim())
      from = index + 1
    }
  }
  return [...parts, text.slice(from).trim()]
}

function fail(sql: string, reason: string): RangeError {
  return new RangeError(
    `cannot make it for a cluster: ${reason}: ${sql.slice(0, 80).replace(/\s+/g, ' ')} ...`,
  )
}
