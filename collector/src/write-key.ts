/** Finds the keys a request carries: in the `Authorization` header, in the body and in the query, in that order. */

/**
 * Every key that the request may mean, best first; empty when it carries none. `Basic` is the key as user name, encoded
 * (`key:`), or bare as some clients send it; many bare keys happen to be valid base64, so both readings are given.
 */
export function readKeys(
  authorization: string | null,
  body: Record<string, unknown>,
  query: URLSearchParams,
): string[] {
  const candidates = [...readAuthorization(authorization ?? ''), body['writeKey'], query.get('writeKey')]
  return candidates.filter((key): key is string => typeof key === 'string' && key !== '')
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
