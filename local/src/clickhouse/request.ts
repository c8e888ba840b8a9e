/** Reads an HTTP request's URL and headers as ClickHouse's HTTP interface does; it leaves the body and running to others. */

import { randomUUID } from 'node:crypto'
import { ClickHouseException } from './errors.ts'

/** Request headers as Node gives them. */
type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>

/** A content coding understood both ways. */
export type Encoding = 'gzip' | 'deflate' | 'br' | 'zstd'

/** A named session, which keeps settings and temporary tables between requests. */
export interface SessionRequest {
  readonly id: string
  /** Idle seconds after which it ends. Default 60, at most 3600. */
  readonly timeoutSeconds: number
  /** Fail when it does not exist yet. */
  readonly mustExist: boolean
  /** End it after this request. */
  readonly closes: boolean
}

/** What a request asks for, its body aside. */
export interface QueryRequest {
  /** Statement from the URL, or the part of it that precedes the body. */
  readonly query: string
  /** As given, or a new UUID. */
  readonly queryId: string
  readonly database: string | undefined
  /** Format of the result when the statement names none. */
  readonly defaultFormat: string
  /** Settings in the order given; also those that steer this server. */
  readonly settings: readonly (readonly [name: string, value: string])[]
  /** Query parameters, values in ClickHouse's escaped form. */
  readonly params: readonly (readonly [name: string, value: string])[]
  readonly session: SessionRequest | undefined
  /** Anything but `POST`. */
  readonly isReadOnly: boolean
  /** Nothing is sent before the query has ended. */
  readonly waitsForEnd: boolean
  /** Coding of the request body. */
  readonly requestEncoding: Encoding | undefined
  /** Coding asked for in the answer. */
  readonly responseEncoding: Encoding | undefined
}

// Parameters that are no settings. Source: ClickHouse src/Server/HTTPHandler.cpp, reserved_param_names (read November
// 2026), and the empty name that `?&a=b` gives.
const RESERVED: ReadonlySet<string> = new Set([
  ...['', 'query', 'query_id', 'database', 'default_format', 'compress', 'decompress', 'buffer_size'],
  ...['stacktrace', 'user', 'password', 'quota_key', 'role', 'wait_end_of_query', 'client_protocol_version'],
  ...['session_id', 'session_timeout', 'session_check', 'close_session'],
])

const PARAM_PREFIX = 'param_'

/** ClickHouse's default_session_timeout and max_session_timeout. */
const DEFAULT_SESSION_TIMEOUT_SECONDS = 60
const MAX_SESSION_TIMEOUT_SECONDS = 3600

/** In the order ClickHouse prefers them when a client takes several. */
const ENCODINGS: readonly Encoding[] = ['br', 'gzip', 'deflate', 'zstd']

/**
 * Reads what a request asks for. User, password and quota key are accepted whatever they are.
 *
 * @param target path and query string as in the request line.
 * @throws ClickHouseException for a session timeout out of range (374) and for what this server cannot do: internal
 *   compression (48), roles (511), an unknown content encoding (89).
 */
export function parseRequest(method: string, target: string, headers: RequestHeaders): QueryRequest {
  const url = new URL(target, 'http://localhost')
  const search = url.searchParams
  const settings: [string, string][] = []
  const params: [string, string][] = []
  for (const [name, value] of search) {
    if (name.startsWith(PARAM_PREFIX)) params.push([name.slice(PARAM_PREFIX.length), value])
    else if (!RESERVED.has(name)) settings.push([name, value])
  }
  refuseUnsupported(search)
  const flag = (name: string) => isOn(search.get(name))
  return {
    query: search.get('query') ?? '',
    queryId: search.get('query_id') || header(headers, 'x-clickhouse-query-id') || randomUUID(),
    database: header(headers, 'x-clickhouse-database') || search.get('database') || undefined,
    defaultFormat: header(headers, 'x-clickhouse-format') || search.get('default_format') || 'TabSeparated',
    settings,
    params,
    session: parseSession(search),
    isReadOnly: method !== 'POST',
    waitsForEnd: flag('wait_end_of_query') || flag('http_wait_end_of_query'),
    requestEncoding: parseContentEncoding(header(headers, 'content-encoding')),
    responseEncoding: flag('enable_http_compression')
      ? chooseEncoding(header(headers, 'accept-encoding') ?? '')
      : undefined,
  }
}

/**
 * Adds the parts of a `multipart/form-data` body, which the official client uses for large parameters: `query` and
 * `param_*`.
 *
 * @throws ClickHouseException for anything else, such as external tables (48).
 */
export function withFormFields(request: QueryRequest, form: FormData): QueryRequest {
  let query = request.query
  const params = [...request.params]
  for (const [name, value] of form) {
    if (typeof value === 'string' && name === 'query') query += value
    else if (typeof value === 'string' && name.startsWith(PARAM_PREFIX))
      params.push([name.slice(PARAM_PREFIX.length), value])
    else {
      const message = `External data is not supported here, got the form field '${name}'`
      throw new ClickHouseException(48, 'NOT_IMPLEMENTED', message)
    }
  }
  return { ...request, query, params }
}

function refuseUnsupported(search: URLSearchParams): void {
  for (const name of ['compress', 'decompress']) {
    if (!isOn(search.get(name))) continue
    const message = `ClickHouse's own compression (${name}=1) is not supported here, use Content-Encoding and enable_http_compression`
    throw new ClickHouseException(48, 'NOT_IMPLEMENTED', message)
  }
  const role = search.get('role')
  if (role !== null) {
    throw new ClickHouseException(
      511,
      'UNKNOWN_ROLE',
      `There is no role \`${role}\`: this server has no users or roles`,
    )
  }
}

function parseSession(search: URLSearchParams): SessionRequest | undefined {
  const id = search.get('session_id')
  if (!id) return undefined
  const given = search.get('session_timeout')
  const timeoutSeconds = given === null ? DEFAULT_SESSION_TIMEOUT_SECONDS : Number(given)
  if (given === '' || !Number.isInteger(timeoutSeconds) || timeoutSeconds < 0) {
    throw new ClickHouseException(374, 'INVALID_SESSION_TIMEOUT', `Invalid session timeout: '${given}'`)
  }
  if (timeoutSeconds > MAX_SESSION_TIMEOUT_SECONDS) {
    const message = `Session timeout '${given}' is larger than max_session_timeout: ${MAX_SESSION_TIMEOUT_SECONDS}`
    throw new ClickHouseException(374, 'INVALID_SESSION_TIMEOUT', message)
  }
  const mustExist = search.get('session_check') === '1'
  return { id, timeoutSeconds, mustExist, closes: isOn(search.get('close_session')) }
}

function parseContentEncoding(value: string | undefined): Encoding | undefined {
  const name = value?.trim().toLowerCase()
  if (!name || name === 'identity') return undefined
  const encoding = ENCODINGS.find((known) => known === name)
  if (encoding !== undefined) return encoding
  const message = `Unknown compression method ${name} in Content-Encoding, supported: ${ENCODINGS.join(', ')}`
  throw new ClickHouseException(89, 'UNKNOWN_COMPRESSION_METHOD', message)
}

function chooseEncoding(accepted: string): Encoding | undefined {
  const names = new Set<string>()
  for (const item of accepted.toLowerCase().split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim())
    if (!parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) names.add(name)
  }
  return ENCODINGS.find((encoding) => names.has(encoding))
}

function isOn(value: string | null): boolean {
  return value === '1' || value?.toLowerCase() === 'true'
}

function header(headers: RequestHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}
