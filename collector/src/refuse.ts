/** JSON answers, and those for requests that are refused whole. */

import { type ErrorAnswer, type ErrorCode, encodeJson } from '@millrace/schemas'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** Why a request is refused. */
export interface RequestRefusal {
  ok: false
  status: ContentfulStatusCode
  code: ErrorCode
  /** One sentence for a person. */
  message: string
  /** Seconds after which the same request may be sent again. */
  retryAfterSeconds?: number
  /** Whose request it is, where that is known: the source's books name it. */
  source?: string
}

/** A refusal as a value. */
export function refusal(status: ContentfulStatusCode, code: ErrorCode, message: string): RequestRefusal {
  return { ok: false, status, code, message }
}

/** Seconds after which a client should try again what cannot be taken now. */
const RETRY_AFTER_SECONDS = 5

/** Not now: nothing of the request was stored, and the same one may be taken soon. */
export function refuseForNow(message: string): RequestRefusal {
  return { ...refusal(503, 'temporarily_unavailable', message), retryAfterSeconds: RETRY_AFTER_SECONDS }
}

/** A fault of ours: logged without its request, and told as one. */
export function refuseUnexpected(
  c: Context,
  { log }: { log: (record: Record<string, unknown>) => void },
  error: unknown,
): RequestRefusal {
  log({ level: 'error', event: 'unexpected_error', path: c.req.routePath, error: String(error) })
  const message = 'something is wrong on our side; the batch was not stored, send it again'
  return refusal(500, 'internal_error', message)
}

/** The answer that tells it. */
export function refuse(c: Context, { status, code, message, retryAfterSeconds }: RequestRefusal): Response {
  if (retryAfterSeconds !== undefined) c.header('Retry-After', String(retryAfterSeconds))
  return answerJson(c, { success: false, code, message } satisfies ErrorAnswer, status)
}

/** An answer that quotes what a client sent: valid Unicode, though a quoted text may be cut within a character. */
export function answerJson(c: Context, value: object, status: ContentfulStatusCode = 200): Response {
  return c.body(encodeJson(value), status, { 'Content-Type': 'application/json' })
}
