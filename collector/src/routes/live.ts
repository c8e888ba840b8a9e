/** `/v1/live` and `/v1/live/windows`: the live windows of the source whose read token is given, pushed or asked for. */

import {
  findEventField,
  MAX_WATCH_FILTERS,
  MAX_WATCH_FILTERS_LENGTH,
  parseFilterText,
  TAIL_STATUSES,
  TOKEN_PROTOCOL_PREFIX,
} from '@millrace/schemas/live'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { parseDuration, parseMoment } from '../query/time.ts'
import { authorizeReader, findReader, type Readers, refuseOtherSource } from '../read-token.ts'
import { type RequestRefusal, refusal, refuse, refuseForNow } from '../refuse.ts'
import type { Source } from '../sources.ts'

/** What the routes need. */
export interface LiveDeps {
  sources: Readers
  now: () => number
  log: (record: Record<string, unknown>) => void
  /** Asks the object that keeps the windows of a source. Default: there is none, and the routes answer 503. */
  askLive?: ((source: string, request: Request) => Promise<Response>) | undefined
}

/** Fields of `/v1/live` and of `/v1/live/windows`. */
const WISHES = ['since', 'filter', 'status', 'only', 'source']
const FIELDS = ['name', 'from', 'to', 'source']

const STATUSES: readonly string[] = TAIL_STATUSES

/** Changes of the windows as they happen: a WebSocket, or server-sent events for those that accept them. */
export async function takeLive(c: Context, deps: LiveDeps): Promise<Response> {
  const isSocket = c.req.header('upgrade')?.toLowerCase() === 'websocket'
  const authorized = isSocket
    ? authorizeSocket(c.req.raw, deps.sources)
    : authorizeReader(c.req.raw, deps.sources)
  return withLive(c, deps, authorized, async (ask) => {
    if (!isSocket && !/\btext\/event-stream\b|\*\/\*/.test(c.req.header('accept') ?? '*/*')) {
      const message =
        'this is a WebSocket, or a stream for Accept: text/event-stream; see /v1/live/windows for JSON'
      return refuse(c, refusal(400, 'invalid_request', message))
    }
    const wishes = readWishes(new URL(c.req.url).searchParams)
    if (!(wishes instanceof URLSearchParams)) return refuse(c, wishes)
    if (c.req.method === 'HEAD') return c.body(null, 200, { 'Content-Type': 'text/event-stream' })
    const headers = new Headers()
    for (const name of ['upgrade', 'sec-websocket-protocol', 'last-event-id']) {
      const value = c.req.header(name)
      if (value !== undefined) headers.set(name, value)
    }
    const answer = await ask(`/?${wishes}`, headers)
    // A socket is handed on as it is.
    return isSocket ? answer : copy(c, answer)
  })
}

/** The windows as they are now: all recent ones, or those of one name that are kept. */
export async function takeWindows(c: Context, deps: LiveDeps): Promise<Response> {
  return withLive(c, deps, authorizeReader(c.req.raw, deps.sources), async (ask) => {
    const read = readFields(new URL(c.req.url).searchParams, deps.now())
    if (!(read instanceof URLSearchParams)) return refuse(c, read)
    const answer = await ask(`/windows?${read}`, new Headers())
    if (answer.status !== 404) return copy(c, answer)
    return refuse(c, refusal(404, 'not_found', await answer.text()))
  })
}

/** A page cannot set a header on a WebSocket, and a token in an address ends up in logs, so it comes as a subprotocol. */
function authorizeSocket(request: Request, sources: Readers): Source | RequestRefusal {
  const offered = (request.headers.get('sec-websocket-protocol') ?? '').split(',').map((one) => one.trim())
  const tokens = offered
    .filter((one) => one.startsWith(TOKEN_PROTOCOL_PREFIX))
    .flatMap((one) => decodeToken(one.slice(TOKEN_PROTOCOL_PREFIX.length)) ?? [])
  return tokens.length === 0 ? authorizeReader(request, sources) : findReader(tokens, sources)
}

/** A token in base64url. */
function decodeToken(text: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
      char.charCodeAt(0),
    )
    return new TextDecoder().decode(bytes)
  } catch {
    // Not base64: it is no token.
    return undefined
  }
}

/** What a watcher wants: from where to go on, which events it wants to see, and whether only those. */
function readWishes(search: URLSearchParams): URLSearchParams | RequestRefusal {
  const unknown = refuseUnknown(search, WISHES)
  if (unknown !== undefined) return unknown
  const filters = search.getAll('filter')
  if (filters.length > MAX_WATCH_FILTERS || filters.join('').length > MAX_WATCH_FILTERS_LENGTH) {
    const rule = `at most ${MAX_WATCH_FILTERS} times, with at most ${MAX_WATCH_FILTERS_LENGTH} characters in all`
    return refusal(400, 'invalid_request', `filter may be given ${rule}`)
  }
  for (const filter of filters) {
    const parsed = parseFilterText(filter, findEventField)
    if (!parsed.ok)
      return refusal(400, 'invalid_request', `filter ${JSON.stringify(filter)} ${parsed.message}`)
  }
  const wrong = search.getAll('status').find((status) => !STATUSES.includes(status))
  if (wrong !== undefined) {
    const message = `status must be one of ${STATUSES.join(', ')}, got ${JSON.stringify(wrong.slice(0, 40))}`
    return refusal(400, 'invalid_request', message)
  }
  const only = search.get('only')
  if (only !== null && only !== 'events')
    return refusal(400, 'invalid_request', `only must be events, got ${JSON.stringify(only.slice(0, 40))}`)
  const wishes = new URLSearchParams(search)
  wishes.delete('source')
  return wishes
}

function refuseUnknown(search: URLSearchParams, known: readonly string[]): RequestRefusal | undefined {
  const unknown = [...search.keys()].find((name) => !known.includes(name))
  if (unknown === undefined) return undefined
  const message = `there is no field ${JSON.stringify(unknown.slice(0, 40))}; known: ${known.join(', ')}`
  return refusal(400, 'invalid_request', message)
}

function readFields(search: URLSearchParams, now: number): URLSearchParams | RequestRefusal {
  const unknown = refuseUnknown(search, FIELDS)
  if (unknown !== undefined) return unknown
  const read = new URLSearchParams()
  const name = search.get('name')
  if (name !== null) read.set('name', name)
  for (const field of ['from', 'to']) {
    const text = search.get(field)
    if (text === null) continue
    if (name === null)
      return refusal(400, 'invalid_request', `${field} needs name: which windows it is about`)
    const time = readTime(text, now)
    if (time === undefined) {
      const message = `${field} must be a time in ISO 8601, milliseconds since 1970, or a duration before now such as 30m, got ${JSON.stringify(text.slice(0, 40))}`
      return refusal(400, 'invalid_request', message)
    }
    read.set(field, String(time))
  }
  return read
}

function readTime(text: string, now: number): number | undefined {
  if (/^\d{10,14}$/.test(text)) return Number(text)
  const durationMs = parseDuration(text)
  return durationMs === undefined ? parseMoment(text, 'UTC') : now - durationMs
}

async function withLive(
  c: Context,
  { askLive, log }: LiveDeps,
  authorized: Source | RequestRefusal,
  answer: (ask: (path: string, headers: Headers) => Promise<Response>) => Promise<Response>,
): Promise<Response> {
  if (!('name' in authorized)) return refuse(c, authorized)
  const refused = refuseOtherSource(authorized, c.req.query('source'), 'the request')
  if (refused !== undefined) return refuse(c, refused)
  if (askLive === undefined) return refuse(c, refuseForNow('this Worker keeps no live windows'))
  try {
    return await answer((path, headers) =>
      askLive(authorized.name, new Request(new URL(path, 'https://live'), { headers })),
    )
  } catch (error) {
    log({ level: 'error', event: 'live_unreachable', source: authorized.name, error: String(error) })
    return refuse(c, refuseForNow('live windows cannot be read just now; ask again'))
  }
}

/** The answer with the headers that the app sets on every one. */
function copy(c: Context, { body, status, headers }: Response): Response {
  c.header('Cache-Control', 'no-store')
  c.header('Content-Type', headers.get('content-type') ?? 'application/json')
  return body === null ? c.body(null) : c.body(body, status as ContentfulStatusCode)
}
