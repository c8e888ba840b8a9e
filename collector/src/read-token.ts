/** Whose events a request may read: the source of its read token. */

import { type RequestRefusal, refusal } from './refuse.ts'
import type { Source, Sources } from './sources.ts'
import { readKeys } from './write-key.ts'

/** The sources by their read tokens. */
export type Readers = Pick<Sources, 'findReader'>

/** A token in an address ends up in logs, so it is taken from the header alone. */
export function authorizeReader(request: Request, sources: Readers): Source | RequestRefusal {
  const { header } = readKeys(request.headers.get('authorization'), {}, new URLSearchParams())
  if (header.length === 0) {
    const message =
      'the read token of the source is needed: Authorization: Bearer, or Basic with it as user name'
    return refusal(401, 'missing_read_token', message)
  }
  return findReader(header, sources)
}

/** The source of the first of these tokens that is one. */
export function findReader(tokens: readonly string[], sources: Readers): Source | RequestRefusal {
  for (const token of tokens) {
    const source = sources.findReader(token)
    if (source !== undefined) return source
  }
  return refusal(
    401,
    'unknown_read_token',
    'no source has this read token; write keys and secret keys do not read',
  )
}

/** Refuses a request that names another source than the token's; `what` is it that is asked for. */
export function refuseOtherSource(
  { name }: Source,
  wanted: unknown,
  what: string,
): RequestRefusal | undefined {
  if (wanted === undefined || wanted === name) return undefined
  return refusal(403, 'wrong_source', `this token is of source "${name}", ${what} is for another`)
}
