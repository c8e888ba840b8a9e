/**
 * Puts SQL together so that nothing of a question or a configuration can become a part of its text: pieces are written in this code, values
 * go in as parameters. A string cannot be interpolated, the compiler sees to that and so does {@link sql} itself.
 */

/** The types of ClickHouse that parameters have. */
export type ParameterType =
  | 'String'
  | 'Float64'
  | 'UInt32'
  | 'UInt64'
  | 'Array(Float64)'
  | 'Int64'
  | 'Array(String)'
  | 'Array(UInt32)'
  | "DateTime64(3, 'UTC')"
  | "DateTime('UTC')"

/** What a parameter can be. */
export type ParameterValue = string | number | readonly string[] | readonly number[]

/** A value that becomes a parameter. Only {@link bind} makes one. */
class BoundValue {
  readonly type: ParameterType
  readonly value: ParameterValue

  constructor(type: ParameterType, value: ParameterValue) {
    this.type = type
    this.value = value
  }
}

/** Texts of this code, and values between them. */
class Piece {
  readonly pieces: readonly (string | BoundValue)[]

  constructor(pieces: readonly (string | BoundValue)[]) {
    this.pieces = pieces
  }
}

/** A bound value; only {@link bind} makes one. */
export type Bound = BoundValue

/** A piece of SQL; only the functions of this file make one, so that no JSON can look like it. */
export type Sql = Piece

/** A statement as ClickHouse gets it. */
export interface Statement {
  text: string
  /** Keys are the names in `{name:Type}`. */
  parameters: Record<string, ParameterValue>
}

/**
 * A piece of SQL from a template.
 *
 * @example sql`country = ${bind('String', country)}`
 * @throws TypeError when something else than a piece or a value is interpolated
 */
export function sql(texts: TemplateStringsArray, ...parts: readonly (Sql | Bound)[]): Sql {
  if (!Array.isArray(texts.raw)) throw new TypeError('sql is a template tag, not a function of a text')
  return new Piece(
    texts.flatMap((text, index) => {
      if (index >= parts.length) return [text]
      const part = parts[index]
      if (part instanceof Piece) return [text, ...part.pieces]
      if (part instanceof BoundValue) return [text, part]
      throw new TypeError('only pieces of SQL and bound values can be interpolated')
    }),
  )
}

/** A value as a parameter. Text that is not well-formed Unicode is made so, as a URL could not carry it. */
export function bind(type: ParameterType, value: ParameterValue): Bound {
  return new BoundValue(type, toWellFormed(value))
}

/** A time, milliseconds since 1970, of the type that columns of times have: with another, ClickHouse's index is off by a second. */
export function time(ms: number): Bound {
  return new BoundValue("DateTime64(3, 'UTC')", new Date(ms).toISOString().replace('T', ' ').replace('Z', ''))
}

/**
 * Name of a column, from a closed list.
 *
 * @throws RangeError when it does not look like one
 */
export function column(name: string): Sql {
  if (!/^[a-z_]+$/.test(name)) throw new RangeError(`${name} is no name of a column`)
  return new Piece([name])
}

/** Pieces with another between them; nothing when there are none. */
export function join(pieces: readonly Sql[], separator: Sql): Sql {
  return new Piece(
    pieces.flatMap((piece, index) => (index === 0 ? piece.pieces : [...separator.pieces, ...piece.pieces])),
  )
}

/** Conditions that must all hold; true when there are none. */
export function all(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? sql`true` : sql`(${join(conditions, sql` AND `)})`
}

/** The statement, with its parameters named in the order they come; equal values share one. */
export function render({ pieces }: Sql): Statement {
  const parameters: Record<string, ParameterValue> = {}
  const names = new Map<string, string>()
  const texts = pieces.map((piece) => {
    if (typeof piece === 'string') return piece
    const key = JSON.stringify([piece.type, piece.value])
    const name = names.get(key) ?? `p${names.size}`
    names.set(key, name)
    parameters[name] = piece.value
    return `{${name}:${piece.type}}`
  })
  return { text: texts.join(''), parameters }
}

function toWellFormed(value: ParameterValue): ParameterValue {
  if (typeof value === 'string') return value.toWellFormed()
  return typeof value === 'number' || !value.every((one) => typeof one === 'string')
    ? value
    : value.map((text) => text.toWellFormed())
}
