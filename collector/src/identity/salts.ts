/**
 * The salts of cookieless ids: one a day, random, the same for all isolates, destroyed when its day is over. Without the
 * salt nobody, we included, can find out which address and browser an id of that day was of.
 */

import { importHashKey } from '../enrich/keyed-hash.ts'
import { lingeringDay, utcDay } from './utc-day.ts'

/** What is needed of an R2 bucket. */
export interface SaltBucket {
  get: (key: string) => Promise<{ arrayBuffer: () => Promise<ArrayBuffer> } | null>
  /** `null` when the condition does not hold. */
  put: (
    key: string,
    value: Uint8Array<ArrayBuffer>,
    options: { onlyIf: { etagDoesNotMatch: string } },
  ) => Promise<unknown>
  list: (options: {
    prefix: string
    cursor?: string
  }) => Promise<{ objects: { key: string }[]; truncated: boolean; cursor?: string }>
  delete: (keys: string[]) => Promise<void>
}

/** The salts that are in use, as keys that can hash and cannot be read. */
export interface Salts {
  /** That of today; made when nobody has made it. Rejects when R2 is away: an id of another salt would split a visitor. */
  today: () => Promise<CryptoKey>
  /**
   * That of yesterday, in the first two hours of a day; otherwise, and when there was none, `undefined`. Rejects when R2 is
   * away.
   */
  yesterday: () => Promise<CryptoKey | undefined>
}

/** Options of {@link createSalts}. */
export interface SaltsOptions {
  bucket: Pick<SaltBucket, 'get' | 'put'>
  /** Our clock, milliseconds since 1970. */
  now: () => number
  /** Random bytes; by default the platform's, fit for secrets. */
  randomBytes?: (count: number) => Uint8Array<ArrayBuffer>
}

/** As long as the hash; more adds nothing. Source: RFC 2104, section 3. */
const SALT_BYTES = 32

const PREFIX = 'identity/salt-'

/** Creates the salts of an isolate, which remembers them for as long as they are in use. */
export function createSalts({ bucket, now, randomBytes = platformBytes }: SaltsOptions): Salts {
  /** By day; `undefined` where it is known that there was none. Never a promise: that would belong to one request. */
  const known = new Map<string, CryptoKey | undefined>()

  function forgetOthers(at: number): void {
    const days = [utcDay(at), lingeringDay(at)]
    for (const day of known.keys()) if (!days.includes(day)) known.delete(day)
  }

  return {
    async today() {
      const at = now()
      forgetOthers(at)
      const day = utcDay(at)
      const salt = known.get(day) ?? (await findOrMakeSalt(bucket, saltKey(day), randomBytes))
      known.set(day, salt)
      return salt
    },

    async yesterday() {
      const at = now()
      forgetOthers(at)
      const day = lingeringDay(at)
      if (day === undefined) return undefined
      if (!known.has(day)) known.set(day, await readSalt(bucket, saltKey(day)))
      return known.get(day)
    },
  }
}

/**
 * Deletes the salts of days that are over; that of yesterday only after 02:00 UTC. To be called more often than once a day;
 * calling it again does nothing more.
 *
 * @param now milliseconds since 1970
 * @returns how many it deleted
 * @throws what R2 throws; the next call takes up what is left
 */
export async function destroyOldSalts(
  bucket: Pick<SaltBucket, 'list' | 'delete'>,
  now: number,
): Promise<number> {
  const oldestInUse = saltKey(lingeringDay(now) ?? utcDay(now))
  let destroyed = 0
  let cursor: string | undefined
  do {
    const page = await bucket.list({ prefix: PREFIX, ...(cursor === undefined ? {} : { cursor }) })
    // Keys sort as their days do.
    const old = page.objects.map(({ key }) => key).filter((key) => key < oldestInUse)
    if (old.length > 0) await bucket.delete(old)
    destroyed += old.length
    cursor = page.truncated ? page.cursor : undefined
  } while (cursor !== undefined)
  return destroyed
}

function saltKey(day: string): string {
  return `${PREFIX}${day}`
}

/** All isolates of the world do this at midnight; the first to write wins, and the others take what it wrote. */
async function findOrMakeSalt(
  bucket: SaltsOptions['bucket'],
  key: string,
  randomBytes: (count: number) => Uint8Array<ArrayBuffer>,
): Promise<CryptoKey> {
  const found = await readSalt(bucket, key)
  if (found !== undefined) return found
  const made = randomBytes(SALT_BYTES)
  const failure = await tryToWrite(bucket, key, made)
  if (failure === undefined) return importHashKey(made)
  const winners = await readSalt(bucket, key)
  if (winners === undefined) throw failure
  return winners
}

/** `undefined` when it was written; otherwise why not. */
async function tryToWrite(
  bucket: SaltsOptions['bucket'],
  key: string,
  salt: Uint8Array<ArrayBuffer>,
): Promise<Error | undefined> {
  try {
    const written = await bucket.put(key, salt, { onlyIf: { etagDoesNotMatch: '*' } })
    return written === null ? new Error(`${key} exists and cannot be read`) : undefined
  } catch (cause) {
    // R2 takes one write a second for a key: at midnight most of those who are late get this instead of `null`.
    return new Error(`cannot write ${key}`, { cause })
  }
}

async function readSalt(bucket: SaltsOptions['bucket'], key: string): Promise<CryptoKey | undefined> {
  const object = await bucket.get(key)
  if (object === null) return undefined
  const bytes = await object.arrayBuffer()
  if (bytes.byteLength === SALT_BYTES) return importHashKey(bytes)
  throw new Error(`${key} must be ${SALT_BYTES} bytes, got ${bytes.byteLength}`)
}

function platformBytes(count: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(count))
}
