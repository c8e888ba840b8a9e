/** Reads the rows of a range of time from the published files of a source, a row group at a time. */

import {
  chooseRows,
  createManifest,
  gather,
  type LakeBatch,
  type LakeCondition,
  type Manifest,
  manifestKey,
  openLakeFile,
  parseManifest,
  placeOf,
  selectFiles,
  type TimeRange,
  UnreadableLakeFile,
} from '@millrace/schemas/lake'
import { hasContent, type LakeBucket, type StoredContent } from './bucket.ts'

/** What {@link readRows} needs. */
export interface ReadRowsOptions {
  bucket: LakeBucket
  source: string
  /** Of `timestamp`. */
  range: TimeRange
  /** All of them must hold. */
  conditions: readonly LakeCondition[]
  /** Waits before something is tried again. Default: the platform's timer. */
  sleep?: (ms: number) => Promise<unknown>
}

/** A file, or the list of files, is not as it must be; the message names it. */
export class LakeFault extends Error {
  override readonly name = 'LakeFault'
}

/** The file was replaced while it was read. */
class Replaced extends Error {}

/** How often a read that failed is tried, and a file that is replaced or missing. */
const MAX_TRIES = 4

/** Wait before the second try; each is twice as long as the one before. */
const BASE_DELAY_MS = 250

const MESSAGE_ID = placeOf('message_id')
const TIMESTAMP = placeOf('timestamp')

/**
 * Batches of the rows whose `timestamp` is in the range and for which the conditions hold, file by file, each file's in the
 * order of message ids. A file that is replaced meanwhile is read on in its new version, behind the rows that were given.
 *
 * @throws LakeFault when a file is missing or unreadable; what the bucket throws, after several tries
 */
export async function* readRows(options: ReadRowsOptions): AsyncGenerator<LakeBatch> {
  const manifest = await readManifest(options)
  for (const { path } of selectFiles(manifest, options.range)) yield* readFile(options, path)
}

async function readManifest(options: ReadRowsOptions): Promise<Manifest> {
  const { bucket, source } = options
  const key = manifestKey(source)
  const text = await tryOften(options, async () => {
    const object = await bucket.get(key)
    return object === null ? undefined : (object as StoredContent).text()
  })
  if (text === undefined) return createManifest(source)
  const parsed = parseManifest(text, source)
  if (parsed.ok) return parsed.manifest
  throw new LakeFault(`${key} cannot be read: ${parsed.message}`)
}

async function* readFile(options: ReadRowsOptions, path: string): AsyncGenerator<LakeBatch> {
  const { range, conditions } = options
  const within = createTimeTest(range)
  let [last, after]: (string | undefined)[] = []
  for (let attempt = 1; ; attempt++) {
    try {
      for await (const batch of openFile(options, path)) {
        const ids = batch.columns[MESSAGE_ID] as string[]
        // What the version before had given. Ids are compared as those compare them who write the files in their order.
        const isNew = (row: number) => after === undefined || (ids[row] ?? '') > after
        const isMeant: LakeCondition = (_, row) => within(batch, row) && isNew(row)
        const rows = chooseRows(batch, [isMeant, ...conditions])
        if (rows.length > 0) yield rows.length === batch.count ? batch : gather(batch, rows)
        if (isNew(batch.count - 1)) last = ids.at(-1)
      }
      return
    } catch (error) {
      if (error instanceof UnreadableLakeFile)
        throw new LakeFault(`${path} cannot be read: ${error.message}`, { cause: error })
      if (!(error instanceof Replaced)) throw error
      after = last
      // A file without rows is removed, first itself and then from the list.
      const { files } = await readManifest(options)
      if (!files.some((file) => file.path === path)) return
      if (attempt === MAX_TRIES) throw new LakeFault(`${path} ${error.message}`)
      await pause(options, attempt)
    }
  }
}

/** The batches of the file as it is now; throws {@link Replaced} once it is another. */
async function* openFile(options: ReadRowsOptions, path: string): AsyncGenerator<LakeBatch> {
  const { bucket } = options
  const object = await tryOften(options, () => bucket.head(path))
  if (object === null) throw new Replaced('is in the list of files and is not there')
  const { size, etag } = object
  const file = await openLakeFile({
    byteLength: size,
    read: (start, end) =>
      tryOften(options, async () => {
        const range = { offset: start, length: end - start }
        const part = await bucket.get(path, { range, onlyIf: { etagMatches: etag } })
        if (part === null || !hasContent(part)) throw new Replaced('is replaced again and again')
        return part.arrayBuffer()
      }),
  })
  yield* file.batches()
}

function createTimeTest({ from, to }: TimeRange): LakeCondition {
  const [first, end] = [from * 1_000, to * 1_000]
  return ({ columns }, row) => {
    const time = columns[TIMESTAMP]?.[row] as number
    return time >= first && time < end
  }
}

async function tryOften<T>(options: ReadRowsOptions, once: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await once()
    } catch (error) {
      if (error instanceof Replaced || attempt === MAX_TRIES) throw error
      await pause(options, attempt)
    }
  }
}

function pause(
  { sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms)) }: ReadRowsOptions,
  attempt: number,
): Promise<unknown> {
  return sleep(BASE_DELAY_MS * 2 ** (attempt - 1))
}
