/** `/v1/lake/…`: the lake of the source whose read token is given, as it is or as one file of the rows that are wanted. */

import {
  createManifest,
  encodeManifest,
  encodeRows,
  manifestKey,
  parseFileKey,
  sourcePrefix,
} from '@millrace/schemas/lake'
import type { Context } from 'hono'
import type { LakeBucket } from '../lake/bucket.ts'
import { type DownloadRequest, fileNameOf, parseDownload } from '../lake/download-request.ts'
import { MEDIA_TYPES } from '../lake/media-types.ts'
import { LakeFault, readRows } from '../lake/read-rows.ts'
import { sendObject } from '../lake/send-object.ts'
import { readBody } from '../read-body.ts'
import { authorizeReader, findReader, type Readers, refuseOtherSource } from '../read-token.ts'
import { type RequestRefusal, refusal, refuse, refuseForNow } from '../refuse.ts'
import type { Source } from '../sources.ts'

/** What the routes need. */
export interface LakeDeps {
  sources: Readers
  now: () => number
  log: (record: Record<string, unknown>) => void
  /** Default: there is no lake, and the routes answer 503. */
  lake?: LakeBucket | undefined
}

/** Largest body of a form. */
const MAX_FORM_BYTES = 64 * 1024

/** The list of the published files of the source; an empty one where nothing was published yet. */
export async function takeManifest(c: Context, deps: LakeDeps): Promise<Response> {
  return withLake(c, deps, authorizeReader(c.req.raw, deps.sources), async (bucket, { name }) => {
    const sent = await sendObject(c, bucket, manifestKey(name), 'application/json')
    if (sent !== undefined) return sent
    return c.body(encodeManifest(createManifest(name)), 200, {
      'Content-Type': 'application/json',
      'Cache-Control': 'private, no-cache',
    })
  })
}

/** A published file of the source. */
export async function takeFile(c: Context, deps: LakeDeps): Promise<Response> {
  return withLake(c, deps, authorizeReader(c.req.raw, deps.sources), async (bucket, { name }) => {
    const path = ['date', 'hour', 'file'].map((part) => c.req.param(part) ?? '').join('/')
    const key = `${sourcePrefix(name)}${path}`
    const isKey = parseFileKey(key) !== undefined
    const sent = isKey ? await sendObject(c, bucket, key, MEDIA_TYPES.parquet) : undefined
    if (sent !== undefined) return sent
    const shown = path.slice(0, MAX_SHOWN_PATH)
    const message = isKey
      ? `source "${name}" has no published file ${shown}; /v1/lake/manifest lists those that there are`
      : `a file of the lake is called date=YYYY-MM-DD/hour=HH/bucket-N.parquet, got ${JSON.stringify(shown)}`
    return refuse(c, refusal(404, 'no_such_file', message))
  })
}

/** Longest path that an answer quotes, in UTF-16 units. */
const MAX_SHOWN_PATH = 200

/** The rows of a range of time as one file: by GET with the token in the header, or by a form that has it as `token`. */
export async function takeDownload(c: Context, deps: LakeDeps): Promise<Response> {
  const read = c.req.method === 'POST' ? await readForm(c) : new URL(c.req.url).searchParams
  if (!(read instanceof URLSearchParams)) return refuse(c, read)
  const { authorized, fields } = authorizeDownload(c, deps, read)
  return withLake(
    c,
    deps,
    authorized,
    async (bucket, source) => {
      const request = parseDownload(fields, deps.now())
      if (!request.ok) return refuse(c, refusal(400, 'invalid_request', request.message))
      return sendRows(c, deps, bucket, source, request)
    },
    fields.get('source') || undefined,
  )
}

/** A browser cannot set a header on a download of its own, and a form keeps the token out of the address. */
function authorizeDownload(
  c: Context,
  { sources }: LakeDeps,
  fields: URLSearchParams,
): { authorized: Source | RequestRefusal; fields: URLSearchParams } {
  const token = fields.get('token')?.trim()
  if (c.req.method !== 'POST' || token === undefined || c.req.raw.headers.has('authorization'))
    return { authorized: authorizeReader(c.req.raw, sources), fields }
  const rest = new URLSearchParams(fields)
  rest.delete('token')
  return { authorized: findReader([token], sources), fields: rest }
}

async function readForm(c: Context): Promise<URLSearchParams | RequestRefusal> {
  const type = c.req.raw.headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    const message = 'the body must be a form: Content-Type application/x-www-form-urlencoded'
    return refusal(400, 'invalid_request', message)
  }
  const read = await readBody(c.req.raw, MAX_FORM_BYTES)
  return read.ok ? new URLSearchParams(read.text) : refusal(read.status, read.code, read.message)
}

async function withLake(
  c: Context,
  { lake, log }: LakeDeps,
  authorized: Source | RequestRefusal,
  answer: (bucket: LakeBucket, source: Source) => Promise<Response>,
  wanted: string | undefined = c.req.query('source'),
): Promise<Response> {
  if (!('name' in authorized)) return refuse(c, authorized)
  const refused = refuseOtherSource(authorized, wanted, 'the request')
  if (refused !== undefined) return refuse(c, refused)
  if (lake === undefined) return refuse(c, refuseForNow('this Worker has no lake to read'))
  try {
    return await answer(lake, authorized)
  } catch (error) {
    const isFault = error instanceof LakeFault
    log({ level: 'error', event: 'lake_unreadable', source: authorized.name, error: String(error) })
    return refuse(
      c,
      isFault
        ? refusal(500, 'internal_error', error.message)
        : refuseForNow('the lake cannot be read just now; ask again'),
    )
  }
}

/** Answers once the first rows are there; what goes wrong later ends the connection, so that no part is taken for the whole. */
async function sendRows(
  c: Context,
  { log }: LakeDeps,
  bucket: LakeBucket,
  { name: source }: Source,
  request: DownloadRequest,
): Promise<Response> {
  const { format, range, conditions } = request
  const headers = {
    'Content-Type': MEDIA_TYPES[format],
    'Content-Disposition': `attachment; filename="${fileNameOf(source, request)}"`,
    'Cache-Control': 'private, no-store',
  }
  if (c.req.method === 'HEAD') return c.body(null, 200, headers)
  const rows = await begun(readRows({ bucket, source, range, conditions }))
  const onError = (error: unknown) =>
    log({ level: 'error', event: 'lake_download_cut', source, error: String(error) })
  return c.body(streamOf(encodeRows(rows, format, source), onError), 200, headers)
}

/** The same items, of which the first is there already. */
async function begun<T>(items: AsyncGenerator<T>): Promise<AsyncGenerator<T>> {
  const first = await items.next()
  return (async function* () {
    try {
      if (first.done !== true) yield first.value
      yield* items
    } finally {
      await items.return(undefined)
    }
  })()
}

/** A stream that asks for a piece when there is room for it, and fails when the pieces do. */
function streamOf(
  pieces: AsyncGenerator<Uint8Array>,
  onError: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await pieces.next()
          if (done === true) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          onError(error)
          controller.error(error)
        }
      },
      cancel: async () => void (await pieces.return(undefined)),
    },
    { highWaterMark: 0 },
  )
}
