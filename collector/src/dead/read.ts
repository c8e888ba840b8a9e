/** Reads one dead letter for an operator of one source. */

import {
  type DeadLetter,
  type Envelope,
  isDeadLetterKey,
  type OpenedLetter,
  openDeadLetter,
  parseDeadPartKey,
} from '@millrace/schemas'
import { askBucket, type DeadBucket } from './bucket.ts'
import { describeOpened, describePart } from './letter.ts'

/** A letter that was found, with its text taken apart. */
export interface FoundLetter {
  letter: DeadLetter
  opened: OpenedLetter
}

/**
 * The letter under a key, or `undefined` when there is none or it is another source's. A letter of no known source is
 * everybody's.
 *
 * @throws what R2 throws, or Error when it does not answer in time
 */
export async function findLetter(
  bucket: Pick<DeadBucket, 'get'>,
  source: string,
  key: string,
): Promise<FoundLetter | undefined> {
  if (!isDeadLetterKey(key)) return undefined
  const read = async () => {
    const object = await bucket.get(key)
    return object === null ? undefined : { object, text: await object.text() }
  }
  const found = await askBucket(read())
  if (found === undefined) return undefined
  const opened = openDeadLetter(found.text)
  const letter = describeOpened(found.object, opened)
  return (letter.source ?? source) === source ? { letter, opened } : undefined
}

/** A letter as it is told: of a part, and where nobody can read it, without `envelope`. */
export type ShownLetter = DeadLetter & { envelope?: Envelope }

/** The letter or part under a key with what is in it, or `undefined` as {@link findLetter} says. */
export async function showDeadLetter(
  bucket: Pick<DeadBucket, 'get' | 'head'>,
  source: string,
  key: string,
): Promise<ShownLetter | undefined> {
  const part = parseDeadPartKey(key)
  if (part !== undefined) {
    if (part.source !== source) return undefined
    const object = await askBucket(bucket.head(key))
    return object === null ? undefined : describePart(object, source)
  }
  const found = await findLetter(bucket, source, key)
  if (found === undefined) return undefined
  const { letter, opened } = found
  return opened.decoded.ok ? { ...letter, envelope: opened.decoded.envelope } : letter
}
