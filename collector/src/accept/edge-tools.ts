/** What all sources of an isolate share: caches that are worth keeping between requests. */

import type { DeviceFacts } from '@millrace/schemas'
import { createBotDetector } from '../enrich/bot.ts'
import { type ClientHints, createHintsReader } from '../enrich/client-hints.ts'
import { createDeviceReader } from '../enrich/device.ts'
import type { Lookups } from '../enrich/lookups.ts'

/** Shared tools. */
export interface EdgeTools {
  readDevice: (userAgent: string, hints?: ClientHints) => DeviceFacts | undefined
  findBot: (userAgent: string) => string | undefined
  readHints: (headers: Headers) => ClientHints | undefined
  /** Absent where there is no bucket to load tables from. */
  lookups: Lookups | undefined
  /** Ids of visitors without cookies; absent where there is no bucket to keep salts in. */
  cookielessId: ((source: string, ip: string, userAgent: string) => Promise<string>) | undefined
  randomId: () => string
  now: () => number
  log: (record: Record<string, unknown>) => void
}

/** What {@link createEdgeTools} needs; the rest it makes itself. */
export type EdgeEffects = Omit<EdgeTools, 'readDevice' | 'findBot' | 'readHints'>

/** Builds the tools of an isolate. */
export function createEdgeTools(effects: EdgeEffects): EdgeTools {
  return {
    ...effects,
    readDevice: createDeviceReader(),
    findBot: createBotDetector(),
    readHints: createHintsReader(),
  }
}
