/** The write key of the heartbeat: random, made once, kept in the bucket, where only the deployment itself reads it. */

import { HEARTBEAT_KEY_OBJECT, HEARTBEAT_KEY_PATTERN } from '@millrace/schemas'
import { hasContent, type LakeBucket } from '../lake/bucket.ts'

const KEY_BYTES = 32

/**
 * The key; made when there is none. Of two runs that make one at once the first wins.
 *
 * @throws what the bucket throws, and Error when what is there is no key; the message does not tell what it is
 */
export async function findOrMakeKey(
  bucket: Pick<LakeBucket, 'get' | 'put'>,
  randomBytes: (count: number) => Uint8Array = (count) => crypto.getRandomValues(new Uint8Array(count)),
): Promise<string> {
  const found = await readKey(bucket)
  if (found !== undefined) return found
  const hex = Array.from(randomBytes(KEY_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const made = `hb_${hex}`
  const written = await bucket.put(HEARTBEAT_KEY_OBJECT, made, { onlyIf: { etagDoesNotMatch: '*' } })
  if (written !== null) return made
  const winner = await readKey(bucket)
  if (winner === undefined) throw new Error(`${HEARTBEAT_KEY_OBJECT} was there and is gone`)
  return winner
}

async function readKey(bucket: Pick<LakeBucket, 'get'>): Promise<string | undefined> {
  const object = await bucket.get(HEARTBEAT_KEY_OBJECT)
  if (object === null || !hasContent(object)) return undefined
  const key = await object.text()
  if (!HEARTBEAT_KEY_PATTERN.test(key))
    throw new Error(`${HEARTBEAT_KEY_OBJECT} is no key; remove it, and a new one is made`)
  return key
}
