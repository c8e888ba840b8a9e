/** Mints the id of an event that brought none, from its content, so that the same event sent again has the same id. */

import type { ParsedEvent } from '@millrace/schemas'

/** Hex digits of a minted id: 128 bits, so that a billion events collide with a chance of about 1e-21. */
const MINTED_DIGITS = 32

/**
 * Makes ids for one batch. Two events with the same content in one batch are two events, so the second is told apart
 * by its count; a batch that is sent again mints the same ids.
 */
export function createIdMinter(source: string): (content: string) => Promise<string> {
  const seen = new Map<string, number>()
  return async (content) => {
    const occurrence = seen.get(content) ?? 0
    seen.set(content, occurrence + 1)
    const bytes = new TextEncoder().encode(`${source}\n${occurrence}\n${content}`)
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0'))
      .join('')
      .slice(0, MINTED_DIGITS)
  }
}

/** The id an event has for life when it needs no minting: its own, else its place in the stream. */
export function ownMessageId(
  event: Pick<ParsedEvent, 'messageId'>,
  stream?: string,
  seq?: number,
): string | undefined {
  if (event.messageId !== undefined) return event.messageId
  return stream !== undefined && seq !== undefined ? `${stream}-${seq}` : undefined
}
