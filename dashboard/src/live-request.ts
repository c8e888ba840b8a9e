/** What the page asks of `/v1/live` and `/v1/live/windows`, and how their answers are read. When it asks is `connection.ts`. */

import {
  LIVE_PROTOCOL,
  type LiveMessage,
  type SnapshotMessage,
  TOKEN_PROTOCOL_PREFIX,
} from '@millrace/schemas/live'
import type { ConnectionEffects } from './connection.ts'

/** How long connecting may take, and each answer to a poll. */
export const LIMIT_MS = 10_000

/** Codes with which the collector refuses a token. Other refusals are of something in between. Source: `collector/src/read-token.ts`. */
const TOKEN_REFUSALS: readonly unknown[] = ['unknown_read_token', 'missing_read_token', 'wrong_source']

/** What {@link askWindows} needs. */
export interface WindowsRequest {
  origin: string
  /** Read token. */
  token: string
  effects: Pick<ConnectionEffects, 'fetch' | 'setTimer' | 'clearTimer'>
  /** Ends it. */
  signal: AbortSignal
}

/** What became of a question. */
export type WindowsAnswer =
  | { kind: 'snapshot'; message: SnapshotMessage }
  | { kind: 'refused'; message: string }
  | { kind: 'failed'; message?: string }

/** Subprotocols of the WebSocket: ours, and the one that carries the token. */
export function protocolsOf(token: string): string[] {
  return [LIVE_PROTOCOL, `${TOKEN_PROTOCOL_PREFIX}${encodeToken(token)}`]
}

/** A token as a subprotocol can carry it: base64url of its UTF-8, without padding. */
export function encodeToken(token: string): string {
  const bytes = String.fromCharCode(...new TextEncoder().encode(token))
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** Address of the WebSocket; it goes on after the version. */
export function liveUrl(origin: string, version: string | undefined): string {
  const since = version === undefined ? '' : `?since=${encodeURIComponent(version)}`
  return `${origin.replace(/^http/, 'ws')}/v1/live${since}`
}

/** A message; `undefined` for what is none. */
export function parseMessage(data: unknown): LiveMessage | undefined {
  // The answer to a ping is no JSON.
  if (typeof data !== 'string' || !data.startsWith('{')) return undefined
  try {
    return JSON.parse(data) as LiveMessage
  } catch {
    return undefined
  }
}

/** Asks for the windows as they are now. Never rejects. */
export async function askWindows({ origin, token, effects, signal }: WindowsRequest): Promise<WindowsAnswer> {
  const limit = new AbortController()
  const timer = effects.setTimer(() => limit.abort(), LIMIT_MS)
  try {
    const headers = { authorization: `Bearer ${token}` }
    const either = AbortSignal.any([signal, limit.signal])
    const response = await effects.fetch(`${origin}/v1/live/windows`, { headers, signal: either })
    return readAnswer(response.status, await response.text())
  } catch {
    // No answer at all: the network's fault, or the server is away.
    return limit.signal.aborted
      ? { kind: 'failed', message: `no answer within ${LIMIT_MS / 1_000} s` }
      : { kind: 'failed' }
  } finally {
    effects.clearTimer(timer)
  }
}

function readAnswer(status: number, text: string): WindowsAnswer {
  const body = parseMessage(text) as SnapshotMessage | { code?: unknown; message?: unknown } | undefined
  if (status === 200 && body !== undefined && 'type' in body) return { kind: 'snapshot', message: body }
  const said = body !== undefined && 'message' in body ? body : { message: undefined }
  const message = typeof said.message === 'string' ? said.message : `the answer was ${status}`
  const isTokens = 'code' in said && TOKEN_REFUSALS.includes(said.code)
  return { kind: isTokens ? 'refused' : 'failed', message }
}
