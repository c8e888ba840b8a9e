/**
 * Reads just enough of a ClickHouse statement to route it: what it is, which format it names and where its data
 * begins. It leaves validity to the engine, which parses every statement again.
 */

/** Why the HTTP interface refuses a statement before the engine sees it. */
export type RefusalReason = 'several-statements' | 'into-outfile' | 'from-infile' | 'semicolon-before-data'

/** An `INSERT` whose rows follow the statement text, in the same body or in the rest of it. */
export interface InsertWithData {
  readonly kind: 'insert-with-data'
  /** Format of the data as written, `Values` for a `VALUES` clause. */
  readonly format: string
  /** Where the name of the table and its columns end: a source clause fits here. */
  readonly sourceAt: number
  /** Where `FORMAT` or `VALUES` begins: nothing after this is needed to run the insert. */
  readonly clauseAt: number
  /** Where the data begins. */
  readonly dataAt: number
  /** `[start, end)` of each `input(` in an `INSERT ... SELECT ... FROM input('...')`; empty otherwise. */
  readonly inputCalls: readonly (readonly [number, number])[]
}

/** A statement without data of its own. */
export interface PlainStatement {
  readonly kind: 'plain'
  /** First keyword in capitals (`SELECT`, `SHOW`, `CREATE` ...); `INSERT` also for `WITH ... INSERT`. */
  readonly verb: string
  /** What follows a trailing `FORMAT`; it may not be a format (`ORDER BY format DESC`), so look it up. */
  readonly format: string | undefined
}

/** What {@link parseStatement} finds. Offsets count characters of the text it was given. */
export type Statement =
  | { readonly kind: 'empty' }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly at: number }
  | InsertWithData
  | PlainStatement

type TokenKind = 'word' | 'quoted' | 'symbol'

interface Token {
  readonly kind: TokenKind
  /** Upper case for a word, the character for a symbol, empty for anything quoted. */
  readonly text: string
  readonly start: number
  readonly end: number
}

/** Statements that leave data alone, besides those that begin with a parenthesis. */
const READ_ONLY_VERBS = new Set('SELECT WITH FROM SHOW DESCRIBE DESC EXPLAIN EXISTS CHECK USE SET'.split(' '))

const SELECT_VERBS = new Set(['SELECT', 'WITH', 'FROM'])

// Bytes above 0x7f count as letters, so that text decoded as latin1 keeps the tokens of its UTF-8.
const WORD = /[\w$\u0080-\uffff]+/y
const BLANK = /[ \t\n\v\f\r\0]+/y
const HEREDOC_TAG = /\$\w*\$/y

/**
 * Finds out what a statement is.
 *
 * @param text the statement, possibly with data behind it. Data is never read, so binary data is harmless; for byte
 *   offsets pass the bytes decoded as latin1.
 * @example parseStatement("INSERT INTO t FORMAT CSV\n1,2") // { kind: 'insert-with-data', format: 'CSV', dataAt: 25, ... }
 */
export function parseStatement(text: string): Statement {
  const tokens = tokenize(text)
  let first = tokens.next()
  while (!first.done && first.value.text === '(') first = tokens.next()
  if (first.done) return { kind: 'empty' }
  if (first.value.text === ';') return parseEnd(tokens, { kind: 'empty' })
  if (first.value.text === 'INSERT') return parseInsert(text, tokens)
  return parsePlain(first.value.text, tokens)
}

/** Whether a statement only reads, by its first keyword. */
export function isReadOnly(statement: Statement): boolean {
  return statement.kind === 'plain' && READ_ONLY_VERBS.has(statement.verb)
}

/** Whether a statement is a `SELECT`, which alone can be streamed. */
export function isSelect(statement: Statement): boolean {
  return statement.kind === 'plain' && SELECT_VERBS.has(statement.verb)
}

/**
 * Rewrites an insert so that it reads its data from a file.
 *
 * @param text the statement that `insert` was parsed from; only what precedes its data is used.
 * @param path absolute path of the file, uncompressed, in the format of the insert.
 */
export function buildInsertFromFile(text: string, insert: InsertWithData, path: string): string {
  if (insert.inputCalls.length === 0) {
    const target = text.slice(0, insert.sourceAt)
    const settings = text.slice(insert.sourceAt, insert.clauseAt)
    return `${target} FROM INFILE ${quoteLiteral(path)} COMPRESSION 'none' ${settings} FORMAT ${insert.format}`
  }
  // `input` reads what the client sends and there is no client here; `file` takes the same structure argument.
  let sql = ''
  let copied = 0
  for (const [start, end] of insert.inputCalls) {
    sql += `${text.slice(copied, start)}file(${quoteLiteral(path)}, ${quoteLiteral(insert.format)}, `
    copied = end
  }
  return sql + text.slice(copied, insert.clauseAt)
}

/** A string as a ClickHouse literal, safe whatever it holds. */
export function quoteLiteral(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`
}

/** A name as a quoted ClickHouse identifier, safe whatever it holds. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('\0', '\\0')}\``
}

function parsePlain(firstWord: string, tokens: Iterator<Token>): Statement {
  let verb = firstWord
  let format: string | undefined
  let depth = 0
  let previous = firstWord
  for (let next = tokens.next(); !next.done; next = tokens.next()) {
    const token = next.value
    depth += depthChange(token)
    if (depth > 0) {
      previous = token.text
      continue
    }
    if (token.text === ';') return parseEnd(tokens, { kind: 'plain', verb, format })
    if (verb === 'WITH' && token.text === 'INSERT') verb = 'INSERT'
    if (previous === 'INTO' && token.text === 'OUTFILE') {
      return { kind: 'refused', reason: 'into-outfile', at: token.start }
    }
    // A format is the last thing in a statement, except for settings.
    if (previous === 'FORMAT' && token.kind === 'word') format = token.text
    else if (format !== undefined && previous === format && token.text !== 'SETTINGS') format = undefined
    previous = token.text
  }
  return { kind: 'plain', verb, format }
}

function parseInsert(text: string, tokens: Iterator<Token>): Statement {
  const inputCalls: [number, number][] = []
  let depth = 0
  let reads = false
  let settingsAt: number | undefined
  let previous: Token | undefined
  let hasTarget = false
  for (let next = tokens.next(); !next.done; next = tokens.next()) {
    const token = next.value
    const isTop = depth === 0
    depth += depthChange(token)
    if (!hasTarget) {
      // The table may be called anything, `format` included, so it is no `previous` to what follows.
      hasTarget = !['INTO', 'TABLE', 'FUNCTION'].includes(token.text)
      continue
    }
    if (isTop && previous?.text === '.') {
      // Second half of `database.table`.
    } else if (isTop && token.text === ';') {
      return parseEnd(tokens, { kind: 'plain', verb: 'INSERT', format: undefined })
    } else if (isTop && token.text === 'INFILE' && previous?.text === 'FROM') {
      return { kind: 'refused', reason: 'from-infile', at: token.start }
    } else if (SELECT_VERBS.has(token.text) && (isTop || (depth === 1 && previous?.text === '('))) {
      reads = true
    } else if (reads && token.text === '(' && previous?.text === 'INPUT') {
      inputCalls.push([previous.start, token.end])
    } else if (isTop && previous?.text === 'FORMAT' && (!reads || inputCalls.length > 0)) {
      const sourceAt = settingsAt ?? previous.start
      const format = text.slice(token.start, token.end)
      const dataAt = skipToData(text, token.end)
      if (text[dataAt] === ';') return { kind: 'refused', reason: 'semicolon-before-data', at: dataAt }
      return { kind: 'insert-with-data', format, sourceAt, clauseAt: previous.start, dataAt, inputCalls }
    } else if (isTop && token.text === 'SETTINGS' && !reads) {
      settingsAt ??= token.start
    } else if (isTop && token.text === 'VALUES' && !reads) {
      const sourceAt = settingsAt ?? token.start
      const { start: clauseAt, end: dataAt } = token
      return { kind: 'insert-with-data', format: 'Values', sourceAt, clauseAt, dataAt, inputCalls }
    }
    previous = token
  }
  return { kind: 'plain', verb: 'INSERT', format: undefined }
}

/** After the format name ClickHouse skips blanks and one line end; everything else belongs to the data. */
function skipToData(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\t' || text[at] === '\f') at += 1
  if (text[at] === '\r') at += 1
  if (text[at] === '\n') at += 1
  return at
}

function parseEnd(tokens: Iterator<Token>, statement: Statement): Statement {
  for (let next = tokens.next(); !next.done; next = tokens.next()) {
    const { text, start } = next.value
    if (text !== ';') return { kind: 'refused', reason: 'several-statements', at: start }
  }
  return statement
}

function depthChange(token: Token): number {
  if (token.kind !== 'symbol') return 0
  if (token.text === '(' || token.text === '[' || token.text === '{') return 1
  return token.text === ')' || token.text === ']' || token.text === '}' ? -1 : 0
}

function* tokenize(text: string): Generator<Token, undefined> {
  let at = 0
  while (at < text.length) {
    const blank = skipBlank(text, at)
    if (blank > at) {
      at = blank
      continue
    }
    const start = at
    const character = text.charAt(at)
    let kind: TokenKind = 'symbol'
    if (character === "'" || character === '"' || character === '`') {
      kind = 'quoted'
      at = skipQuoted(text, at, character)
    } else if (matchAt(HEREDOC_TAG, text, at) !== undefined) {
      kind = 'quoted'
      at = skipHeredoc(text, at)
    } else {
      const word = matchAt(WORD, text, at)
      kind = word === undefined ? 'symbol' : 'word'
      at += word?.length ?? 1
    }
    yield { kind, text: kind === 'quoted' ? '' : text.slice(start, at).toUpperCase(), start, end: at }
  }
  return undefined
}

function skipBlank(text: string, at: number): number {
  const blank = matchAt(BLANK, text, at)
  if (blank !== undefined) return at + blank.length
  const isLineComment = text.startsWith('--', at) || text.startsWith('#!', at) || text.startsWith('# ', at)
  if (isLineComment) return endOf(text, text.indexOf('\n', at))
  return text.startsWith('/*', at) ? skipComment(text, at) : at
}

/** Block comments nest in ClickHouse. */
function skipComment(text: string, from: number): number {
  let depth = 1
  let at = from + 2
  while (depth > 0) {
    const close = text.indexOf('*/', at)
    if (close === -1) return text.length
    const open = text.indexOf('/*', at)
    const opens = open !== -1 && open < close
    depth += opens ? 1 : -1
    at = (opens ? open : close) + 2
  }
  return at
}

function skipQuoted(text: string, from: number, quote: string): number {
  let at = from + 1
  while (at < text.length) {
    const character = text[at]
    if (character === '\\') at += 2
    else if (character !== quote) at += 1
    else if (text[at + 1] === quote) at += 2
    else return at + 1
  }
  return text.length
}

function skipHeredoc(text: string, from: number): number {
  const tag = matchAt(HEREDOC_TAG, text, from) ?? ''
  const close = text.indexOf(tag, from + tag.length)
  return close === -1 ? text.length : close + tag.length
}

function endOf(text: string, found: number): number {
  return found === -1 ? text.length : found + 1
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}
