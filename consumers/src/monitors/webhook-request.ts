/**
 * A notification as Standard Webhooks has it (https://github.com/standard-webhooks/standard-webhooks, version 1.0.0): three
 * headers, of which one signs the other two and the body.
 */

/** Secrets with this prefix are base64. */
const SECRET_PREFIX = 'whsec_'

const encoder = new TextEncoder()

/** What is signed. */
export interface WebhookMessage {
  /** The same whenever it is sent again. */
  id: string
  /** When it is sent this time, seconds since 1970. */
  timestamp: number
  body: string
}

/**
 * The headers of a notification.
 *
 * @param secret `whsec_` and base64, or any text, whose UTF-8 bytes are then the key
 * @throws RangeError when the secret is empty, or what follows the prefix is not base64
 */
export async function webhookHeaders(
  { id, timestamp, body }: WebhookMessage,
  secret: string,
): Promise<Record<string, string>> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', keyOf(secret), algorithm, false, ['sign'])
  const signed = await crypto.subtle.sign('HMAC', key, encoder.encode(`${id}.${timestamp}.${body}`))
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${btoa(String.fromCharCode(...new Uint8Array(signed)))}`,
  }
}

function keyOf(secret: string): Uint8Array<ArrayBuffer> {
  const key = secret.startsWith(SECRET_PREFIX)
    ? fromBase64(secret.slice(SECRET_PREFIX.length))
    : new Uint8Array(encoder.encode(secret))
  if (key === undefined || key.length === 0)
    throw new RangeError('a webhook secret must be whsec_ and base64, or a text')
  return key
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return new Uint8Array([...atob(text)].map((char) => char.charCodeAt(0)))
  } catch {
    // It says so by throwing.
    return undefined
  }
}
