/** Posts a statement and waits for its end however long it takes: `fetch` of Node gives up after five minutes without an answer. */

import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { text } from 'node:stream/consumers'
import type { FetchLike } from '@millrace/node'

/**
 * Milliseconds between two headers by which ClickHouse says that it is still at work, because load balancers close a silent
 * connection; AWS's after 350 s, for example.
 */
const PROGRESS_INTERVAL_MS = 60_000

/** Room for such headers of 200 bytes each for three days; Node takes 16 KiB otherwise. */
const MAX_HEADER_BYTES = 1_048_576

/** A `fetch` for statements that may take hours. */
export const patientFetch: FetchLike = async (url, { method, headers, body, signal }) => {
  const target = new URL(url)
  target.searchParams.set('send_progress_in_http_headers', '1')
  target.searchParams.set('http_headers_progress_interval_ms', String(PROGRESS_INTERVAL_MS))
  const request = target.protocol === 'https:' ? requestHttps : requestHttp
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { method, headers, signal, maxHeaderSize: MAX_HEADER_BYTES }
    request(target, options, resolve).once('error', reject).end(body)
  })
  return {
    status: response.statusCode ?? 0,
    headers: { get: (name) => response.headers[name.toLowerCase()]?.toString() ?? null },
    text: () => text(response),
  }
}
