/** Lets the heartbeat in: finds out that a request has its key, which no configuration knows, and gives its source. */

import {
  HEARTBEAT_KEY_OBJECT,
  HEARTBEAT_KEY_PATTERN,
  HEARTBEAT_SOURCE,
  type SourceSettings,
} from '@millrace/schemas'
import { isEqualInConstantTime, type Source } from './sources.ts'
import { readKeys } from './write-key.ts'

/** What is needed of an R2 bucket. */
export interface HeartbeatBucket {
  get: (key: string) => Promise<{ text: () => Promise<string> } | null>
}

/** What {@link createHeartbeatGate} needs. */
export interface HeartbeatGateEffects {
  bucket: HeartbeatBucket
  /** Milliseconds. */
  now: () => number
  log: (record: Record<string, unknown>) => void
}

/** The source of heartbeats when a request has its key; `undefined` for every other request. Never rejects. */
export type HeartbeatGate = (request: Request) => Promise<Source | undefined>

/** Nobody has an address, a page or a person behind it; and it must not wait behind others. */
const SETTINGS = {
  ...{ rateLimits: false, ip: 'drop', bots: 'off' },
  ...{ geo: false, device: false, referrer: false, campaign: false },
} satisfies SourceSettings

/** Least time between two looks into the bucket: whoever makes keys up causes no more. */
const LOOK_MS = 10_000

/**
 * A gate that is asked only for requests of which no source is known. The key is taken from the `Authorization` header alone,
 * and read from the bucket when a request has one that looks like it.
 */
export function createHeartbeatGate({ bucket, now, log }: HeartbeatGateEffects): HeartbeatGate {
  const source: Source = { name: HEARTBEAT_SOURCE, writeKeys: [], settings: SETTINGS }
  let known: string | undefined
  let lookedAt = Number.NEGATIVE_INFINITY
  return async (request) => {
    const { header } = readKeys(request.headers.get('authorization'), {}, new URLSearchParams())
    const given = header.find((key) => HEARTBEAT_KEY_PATTERN.test(key))
    if (given === undefined) return undefined
    const isKnown = () => known !== undefined && isEqualInConstantTime(given, known)
    if (!isKnown() && now() - lookedAt >= LOOK_MS) {
      lookedAt = now()
      // A look that failed says nothing against the key that is known.
      known = (await readKey(bucket, log)) ?? known
    }
    return isKnown() ? source : undefined
  }
}

async function readKey(
  bucket: HeartbeatBucket,
  log: HeartbeatGateEffects['log'],
): Promise<string | undefined> {
  try {
    const key = await (await bucket.get(HEARTBEAT_KEY_OBJECT))?.text()
    return key !== undefined && HEARTBEAT_KEY_PATTERN.test(key) ? key : undefined
  } catch (error) {
    log({ level: 'error', event: 'heartbeat_key_unread', error: String(error) })
    return undefined
  }
}
