/** Asks the collector one thing and gives what it says, for checks that only want to know whether it would. */

import { type CollectorAnswer, requestCollector, secretHeaders } from '../collector-request.ts'
import type { DoctorEffects } from './effects.ts'

/** Asks with a key, or with none. Never rejects. */
export type AskCollector = (
  path: string,
  key?: string,
  more?: { method?: 'GET' | 'POST'; body?: object },
) => Promise<CollectorAnswer>

/** How long a check waits for an answer. */
const TIMEOUT_MS = 15_000

/** For one address. */
export function createAskCollector(
  endpoint: string,
  { fetch }: Pick<DoctorEffects, 'fetch'>,
  signal: AbortSignal,
): AskCollector {
  return (path, key, { method = 'GET', body } = {}) =>
    requestCollector({
      endpoint,
      path,
      method,
      headers: key === undefined ? {} : secretHeaders(key),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      fetch,
      signal,
      timeoutMs: TIMEOUT_MS,
    })
}

/** Why an answer is not what was hoped for, in the collector's own words. */
export function describeAnswer(answer: CollectorAnswer): string {
  if (answer.kind === 'answered') return answer.refusal
  return answer.kind === 'failed' ? answer.message : 'interrupted'
}
