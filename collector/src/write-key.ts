/** Finds the keys a request carries: in the `Authorization` header, in the body and in the query, in that order. */

/** Every key that a request may mean, best first in each list; a list is empty when it carries none there. */
export interface RequestKeys {
  /** From the `Authorization` header, the only place where a secret key is taken. */
  header: string[]
  /** From the body, then the query: they end up beside stored events and in request logs. */
  exposed: string[]
}

/**
 * The keys of a request. `Basic` is the key as user name, encoded (`key:`), or bare as some clients send it; many bare
 * keys happen to be valid base64, so both readings are given.
 */
export function readKeys(
  authorization: string | null,
  body: Record<string, unknown>,
  query: URLSearchParams,
): RequestKeys {
  return {
    header: readAuthorization(authorization ?? '').filter(isKey),
    exposed: [body['writeKey'], query.get('writeKey')].filter(isKey),
  }
}

function isKey(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function readAuthorization(header: string): (string | undefined)[] {
  const [scheme = '', credentials = ''] = header.trim().split(/\s+/, 2)
  if (scheme.toLowerCase() === 'bearer') return [credentials]
  if (scheme.toLowerCase() !== 'basic') return []
  return [decodeBase64(credentials)?.replace(/:.*$/s, ''), credentials.replace(/:$/, '')]
}

function decodeBase64(text: string): string | undefined {
  try {
    return atob(text)
  } catch {
    // Not base64: only the bare reading is left.
    return undefined
  }
}
