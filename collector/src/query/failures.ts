/** Why a statement gave no rows, and what whoever asked is told: never its text, nor what ClickHouse says of it. */

/** The kinds that are answered differently. */
export type FailureKind =
  /** It took longer, or more memory or rows, than a question may. */
  | 'too_heavy'
  /** Its values are longer than an address may be. */
  | 'too_long'
  /** ClickHouse has too much to do. */
  | 'busy'
  /** ClickHouse does not answer. */
  | 'away'
  /** A mistake of ours. */
  | 'fault'

/** A statement gave no rows. */
export class QueryFailure extends Error {
  override readonly name = 'QueryFailure'
  readonly kind: FailureKind

  /** @param detail what may be logged: never a value of the question */
  constructor(kind: FailureKind, detail: string, cause?: unknown) {
    super(detail, { cause })
    this.kind = kind
  }
}

/** Source: ClickHouse `src/Common/ErrorCodes.cpp`, checked November 2026. */
const KINDS: ReadonlyMap<string, FailureKind> = new Map([
  ['158', 'too_heavy'], // TOO_MANY_ROWS
  ['159', 'too_heavy'], // TIMEOUT_EXCEEDED
  ['160', 'too_heavy'], // TOO_SLOW
  ['191', 'too_heavy'], // SET_SIZE_LIMIT_EXCEEDED
  ['241', 'too_heavy'], // MEMORY_LIMIT_EXCEEDED
  ['307', 'too_heavy'], // TOO_MANY_BYTES
  ['396', 'too_heavy'], // TOO_MANY_ROWS_OR_BYTES
  ['202', 'busy'], // TOO_MANY_SIMULTANEOUS_QUERIES
  ['394', 'busy'], // QUERY_WAS_CANCELLED
  ['439', 'busy'], // CANNOT_SCHEDULE_TASK
  ['209', 'away'], // SOCKET_TIMEOUT
  ['210', 'away'], // NETWORK_ERROR
  ['279', 'away'], // ALL_CONNECTION_TRIES_FAILED
])

/** The failure that an error of the official client is. */
export function failureOf(error: unknown): QueryFailure {
  if (error instanceof QueryFailure) return error
  const code = readText(error, 'code')
  // Without a code of ClickHouse it did not come from there: the connection, or somebody between.
  if (code === undefined || !/^\d+$/.test(code))
    return new QueryFailure('away', 'no answer of ClickHouse', error)
  const kind = KINDS.get(code) ?? 'fault'
  // Memory that the server as a whole is out of is not this question's.
  const isShared = code === '241' && error instanceof Error && /\((total|for user)\)/i.test(error.message)
  return new QueryFailure(isShared ? 'busy' : kind, `${code} ${readText(error, 'type') ?? ''}`.trim(), error)
}

function readText(error: unknown, name: 'code' | 'type'): string | undefined {
  const value =
    typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined
  return typeof value === 'string' ? value : undefined
}
