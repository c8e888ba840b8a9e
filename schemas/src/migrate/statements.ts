/** Takes the text of a migration apart into statements, and puts in what is only known where it runs. */

/** One statement of a migration, with what the comment lines directly before it say. */
export interface Statement {
  /** Without comment lines and the semicolon. May hold `{database}`, `{user}` and `{password}`: see {@link fillIn}. */
  sql: string
  /** Of `-- unless: <query>`: the statement is skipped when this query has a row. */
  unless?: string
  /** Of `-- shard by: <expression>`: what spreads the rows of the table over the servers of a cluster. */
  shardBy?: string
  /** The other comment lines as one text; empty where there are none. */
  comment: string
}

/** What the placeholders stand for. */
export interface Place {
  /** Name of the database: letters, digits and `_`. */
  database: string
  /** As whom ClickHouse reads the tables of its dictionaries. */
  user: string
  password: string
}

/** What stands in the place of a password wherever a statement is shown. */
export const HIDDEN = '[HIDDEN]'

const DATABASE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/

/** A statement ends at `;` at the end of a line, a comment behind it included. */
const STATEMENT_END = /;[ \t]*(?:--[^\n]*)?(?:\r?\n|$)/

const COMMENT_LINE = /^\s*--[^\n]*$/gm

/** Comment lines that mean something; each is one line long. */
const DIRECTIVE = /^-- (unless|shard by): (.+)$/
const DIRECTIVES = /^\s*-- ?(unless|shard by)\b.*$/gm

/**
 * Statements of a text: each ends with `;` at the end of a line. Comment lines and empty statements are left out.
 *
 * @throws RangeError when `-- unless:` or `-- shard by:` does not stand directly before a statement
 */
export function parseStatements(text: string): Statement[] {
  return text.split(STATEMENT_END).flatMap((part) => {
    const sql = part.replace(COMMENT_LINE, '').trim()
    const lines = sql === '' ? [] : readCommentBefore(part)
    const statement: Statement = { sql, comment: '' }
    const words: string[] = []
    let found = 0
    for (const line of lines) {
      const [, name, value = ''] = DIRECTIVE.exec(line) ?? []
      if (name === undefined) words.push(line.replace(/^--\s?/, ''))
      else if (name === 'unless') statement.unless = value
      else statement.shardBy = value
      if (name !== undefined) found += 1
    }
    checkDirectives(part, found)
    return sql === '' ? [] : [{ ...statement, comment: words.join(' ') }]
  })
}

/** The statements of a text alone, as {@link parseStatements} finds them. */
export function splitStatements(text: string): string[] {
  return parseStatements(text).map(({ sql }) => sql)
}

/**
 * Puts the place into a statement: `{database}` as it is, `{user}` and `{password}` as text literals.
 *
 * @example fillIn("SOURCE(CLICKHOUSE(USER {user} DB '{database}'))", place) // ... USER 'default' DB 'millrace' ...
 * @throws RangeError when the name of the database is none
 */
export function fillIn(sql: string, { database, user, password }: Place): string {
  checkDatabaseName(database)
  const values = { database, user: quoteLiteral(user), password: quoteLiteral(password) }
  return sql.replace(/\{(database|user|password)\}/g, (_, name: keyof typeof values) => values[name])
}

/** The statement as {@link fillIn} makes it, but for the password: fit to be shown. */
export function fillInForShow(sql: string, place: Place): string {
  return fillIn(sql, { ...place, password: place.password === '' ? '' : HIDDEN })
}

/**
 * A message about a statement, without the password that stands in the statement: ClickHouse quotes what it cannot read.
 * Such a quotation may end in the middle of the password, so the message ends where the literal begins.
 */
export function maskPassword(message: string, { password }: Place): string {
  if (password === '') return message
  return message
    .replaceAll(quoteLiteral(password), `'${HIDDEN}'`)
    .replaceAll(password, HIDDEN)
    .replace(/(\bPASSWORD\s+)'(?!\[HIDDEN\]')[\s\S]*$/i, `$1'${HIDDEN}' ...`)
}

/** @throws RangeError when it is no name that can stand in a statement without quotes */
export function checkDatabaseName(database: string): void {
  if (DATABASE_NAME.test(database)) return
  throw new RangeError(
    `the name of the database must be 1 to 64 of A-Z, a-z, 0-9, "_" and not begin with a digit, got ${JSON.stringify(database)}`,
  )
}

/** A text as a ClickHouse literal, safe whatever it holds. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`
}

/** Comment lines that end right where the statement begins. */
function readCommentBefore(part: string): string[] {
  const lines = part.split(/\r?\n/).map((line) => line.trim())
  const begin = lines.findIndex((line) => line !== '' && !line.startsWith('--'))
  let first = begin
  while (lines[first - 1]?.startsWith('--')) first -= 1
  return lines.slice(first, begin)
}

/** One that is misplaced or mistyped would be passed over without a word. */
function checkDirectives(part: string, found: number): void {
  const written = part.match(DIRECTIVES) ?? []
  if (written.length === found) return
  throw new RangeError(
    'a line "-- unless: query" or "-- shard by: expression" must stand directly before a statement, with no ";" at its ' +
      `end, got ${JSON.stringify(written.at(-1)?.trim())}`,
  )
}
