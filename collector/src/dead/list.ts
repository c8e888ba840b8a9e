/** Lists the dead letters of one source, a bounded piece of work at a time. */

import {
  DEAD_PREFIX,
  type DeadLetter,
  deadPartsPrefix,
  isDeadLetterKey,
  openDeadLetter,
  parseDeadPartKey,
} from '@millrace/schemas'
import { askBucket, type DeadBucket, type DeadObject } from './bucket.ts'
import { describeByMetadata, describeOpened, describePart } from './letter.ts'

/** Options of {@link listDeadLetters}. */
export interface ListOptions {
  bucket: Pick<DeadBucket, 'list' | 'get'>
  /** Whose letters. */
  source: string
  /** `next` of the page before. Default: the first page. */
  after?: string | undefined
  /** Most letters of the page. */
  limit: number
}

/** A page of letters. */
export interface LetterPage {
  letters: DeadLetter[]
  /** To be given as `after` for the page behind it, which may be empty; absent on the last page. */
  next?: string
}

/** Objects that are looked at for one page, whoever they belong to. */
const MAX_EXAMINED = 1_000

/** Letters that are read for one page because their metadata does not say whose they are. */
const MAX_OPENED = 50

/**
 * One page, in the order of keys: letters by the day they died, the oldest day first, then parts of the lake, the oldest
 * first. A page ends when it is full, or when it took enough work; then it may be short, or empty, and still have a `next`.
 *
 * @throws what R2 throws, or Error when it does not answer in time
 */
export async function listDeadLetters(options: ListOptions): Promise<LetterPage> {
  const { bucket, source, limit } = options
  const letters: DeadLetter[] = []
  let examinedCount = 0
  let openedCount = 0
  let last: string | undefined
  for await (const object of walk(options)) {
    if (letters.length === limit || examinedCount === MAX_EXAMINED) return { letters, ...nextOf(last) }
    const described = describeListed(object, source)
    if (described === undefined && openedCount++ === MAX_OPENED) return { letters, ...nextOf(last) }
    const letter = described ?? (await openListed(bucket, object))
    examinedCount++
    last = object.key
    if (letter !== undefined && (letter.source ?? source) === source) letters.push(letter)
  }
  return { letters }
}

function nextOf(last: string | undefined): { next?: string } {
  return last === undefined ? {} : { next: last }
}

/** All letters, whoever they belong to, and the source's own parts, in the order of keys. */
async function* walk({ bucket, source, after = '' }: ListOptions): AsyncGenerator<DeadObject> {
  const partsPrefix = deadPartsPrefix(source)
  for (const prefix of [DEAD_PREFIX, partsPrefix]) {
    if (prefix === DEAD_PREFIX && parseDeadPartKey(after) !== undefined) continue
    const isWanted = prefix === partsPrefix ? isPart : isLetter
    let startAfter: string | undefined = after === '' ? undefined : after
    for (;;) {
      const from = startAfter === undefined ? {} : { startAfter }
      const page = await askBucket(bucket.list({ prefix, ...from, include: ['customMetadata'] }))
      yield* page.objects.filter(isWanted)
      startAfter = page.objects.at(-1)?.key
      if (!page.truncated || startAfter === undefined) break
      // Everything behind it is parts of all sources: the other prefix finds those of this one.
      if (prefix === DEAD_PREFIX && parseDeadPartKey(startAfter) !== undefined) break
    }
  }
}

function isLetter({ key }: DeadObject): boolean {
  return isDeadLetterKey(key)
}

function isPart({ key }: DeadObject): boolean {
  return parseDeadPartKey(key) !== undefined
}

/** `undefined` when only its text tells whose it is. */
function describeListed(object: DeadObject, source: string): DeadLetter | undefined {
  return isPart(object) ? describePart(object, source) : describeByMetadata(object)
}

/** `undefined` when somebody has removed it meanwhile. */
async function openListed(
  bucket: Pick<DeadBucket, 'get'>,
  object: DeadObject,
): Promise<DeadLetter | undefined> {
  const text = await askBucket(readText(bucket, object.key))
  return text === undefined ? undefined : describeOpened(object, openDeadLetter(text))
}

async function readText(bucket: Pick<DeadBucket, 'get'>, key: string): Promise<string | undefined> {
  return (await bucket.get(key))?.text()
}
