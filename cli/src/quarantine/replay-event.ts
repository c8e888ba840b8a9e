/** One row of the quarantine as the collector takes it back. Pure. */

/** A row as `replay.ts` reads it; empty text means that it is not known. */
export interface ReplayRow {
  message_id: string
  /** Empty when it has none of the six. */
  type: string
  raw: string
  /** 1 when the text is not the one that was sent. */
  is_altered: number
  /** `2026-11-21 10:00:00.000`, UTC. */
  received_at: string
  sent_at: string | null
  batch_id: string
  stream: string
  seq: number
  route: string
  context: string
  integrations: string
  user_agent: string
  request: string
  anonymous_id: string
  client_anonymous_id: string
}

/** JSON text of one element of `events` in the body of `POST /v1/replay`. What is not known is left out. */
export function encodeReplayEvent(row: ReplayRow): string {
  return JSON.stringify({
    raw: row.raw,
    messageId: row.message_id,
    type: row.type || undefined,
    receivedAt: toIso(row.received_at),
    sentAt: row.sent_at === null ? undefined : toIso(row.sent_at),
    batchId: row.batch_id || undefined,
    stream: row.stream || undefined,
    seq: row.seq || undefined,
    route: row.route,
    context: parseObject(row.context),
    integrations: parseObject(row.integrations),
    userAgent: row.user_agent || undefined,
    request: parseObject(row.request),
    anonymousId: row.anonymous_id || undefined,
    clientAnonymousId: row.client_anonymous_id || undefined,
  })
}

function toIso(time: string): string {
  return `${time.replace(' ', 'T')}Z`
}

function parseObject(text: string): unknown {
  return text === '' ? undefined : JSON.parse(text)
}
