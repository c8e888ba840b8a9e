/** HMAC-SHA-256 of texts, as hex. Knows nothing of what is hashed or why. */

const HMAC = { name: 'HMAC', hash: 'SHA-256' }

const encoder = new TextEncoder()

/** A key that can sign and cannot be read back. */
export function importHashKey(secret: string | Uint8Array<ArrayBuffer> | ArrayBuffer): Promise<CryptoKey> {
  const bytes = typeof secret === 'string' ? encoder.encode(secret) : secret
  return crypto.subtle.importKey('raw', bytes, HMAC, false, ['sign'])
}

/** 64 hex digits. Source: RFC 2104 with FIPS 180-4. */
export async function keyedHash(key: CryptoKey, text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(text)))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
