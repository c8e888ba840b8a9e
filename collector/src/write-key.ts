/** Finds the key a request carries: in the `Authorization` header, in the body or in the query, in that order. */

/**
 * The key, or `undefined`. `Basic` is the key as user name with an empty password, encoded (`key:`), or bare as some
 * clients send it; `Bearer` is the key itself.
 */
export function readKey(
  authorization: string | null,
  body: Record<string, unknown>,
  query: URLSearchParams,
): string | undefined {
  const fromHeader = authorization === null ? undefined : readAuthorization(authorization)
  const candidates = [fromHeader, body['writeKey'], query.get('writeKey')]
  return candidates.find((key): key is string => typeof key === 'string' && key !== '')
}

function readAuthorization(header: string): string | undefined {
  const [scheme = '', credentials = ''] = header.trim().split(/\s+/, 2)
  if (scheme.toLowerCase() === 'bearer') return credentials
  if (scheme.toLowerCase() !== 'basic') return undefined
  return decodeBase64(credentials)?.replace(/:.*$/s, '') ?? credentials
}

function decodeBase64(text: string): string | undefined {
  try {
    return atob(text)
  } catch {
    // Not base64: a bare key.
    return undefined
  }
}
