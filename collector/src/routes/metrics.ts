/** `GET /metrics`: what Prometheus scrapes, for who has the token of the deployment. */

import type { Context } from 'hono'
import { type RequestRefusal, refusal, refuse, refuseForNow } from '../refuse.ts'
import { isEqualInConstantTime } from '../sources.ts'
import { readKeys } from '../write-key.ts'

/** What the route needs. */
export interface MetricsDeps {
  /** The token; `undefined` while none is set, and then there is no such route. */
  token: string | undefined
  /** The text of a scrape. */
  read: () => Promise<string>
}

/** Content type of the text. Source: https://prometheus.io/docs/instrumenting/exposition_formats/, checked November 2026. */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Answers a scrape. */
export async function takeMetrics(
  c: Context,
  deps: MetricsDeps | undefined,
  log: (record: Record<string, unknown>) => void,
): Promise<Response> {
  const refused = findRefusal(c.req.raw, deps?.token)
  if (deps === undefined || refused !== undefined) return refuse(c, refused ?? NONE)
  try {
    const text = await deps.read()
    return c.body(text, 200, { 'Content-Type': METRICS_CONTENT_TYPE, 'Cache-Control': 'no-store' })
  } catch (error) {
    log({ level: 'error', event: 'metrics_unread', error: String(error) })
    return refuse(c, refuseForNow('the metrics cannot be read just now'))
  }
}

const NONE = refusal(404, 'not_found', 'there are no metrics here: no token for them is set')

/** A token in an address ends up in logs, so it is taken from the header alone. */
function findRefusal(request: Request, token: string | undefined): RequestRefusal | undefined {
  if (token === undefined) return NONE
  const { header } = readKeys(request.headers.get('authorization'), {}, new URLSearchParams())
  if (header.length === 0)
    return refusal(401, 'missing_read_token', 'the token of the metrics is needed: Authorization: Bearer')
  // All of them, so that time tells nothing.
  const isRight = header.map((given) => isEqualInConstantTime(given, token)).includes(true)
  return isRight
    ? undefined
    : refusal(401, 'unknown_read_token', 'this is not the token of the metrics; read tokens do not open them')
}
