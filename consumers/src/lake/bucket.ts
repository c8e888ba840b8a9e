/** What the lake needs of an R2 bucket. */

/** An object without its content. */
export interface StoredObject {
  key: string
  size: number
  etag: string
  uploaded: Date
  customMetadata?: Record<string, string>
}

/** An object with its content, which is to be read once. */
export interface StoredContent extends StoredObject {
  arrayBuffer: () => Promise<ArrayBuffer>
  text: () => Promise<string>
}

/** Options of {@link LakeBucket.list}. */
export interface ListOptions {
  prefix: string
  startAfter?: string
  cursor?: string
  delimiter?: string
  limit?: number
  include?: 'customMetadata'[]
}

/** Of what a put or a get depends. */
export interface Condition {
  etagMatches?: string
  /** `*`: only where there is no object yet. */
  etagDoesNotMatch?: string
}

/** The bucket. Writes are seen by all once they resolve, and an object is there whole or not at all. */
export interface LakeBucket {
  head: (key: string) => Promise<StoredObject | null>
  /** `null` where there is no object; without content where the condition does not hold. */
  get: (
    key: string,
    options?: { range?: { offset: number; length: number }; onlyIf?: Condition },
  ) => Promise<StoredContent | StoredObject | null>
  /** `null` where the condition does not hold. */
  put: (
    key: string,
    value: Uint8Array<ArrayBuffer> | string,
    options?: { onlyIf?: Condition; customMetadata?: Record<string, string>; sha256?: string },
  ) => Promise<StoredObject | null>
  /** At most 1,000 keys. */
  delete: (keys: string | string[]) => Promise<unknown>
  /** Objects in the order of their keys, at most 1,000 at once. */
  list: (options: ListOptions) => Promise<{
    objects: StoredObject[]
    truncated: boolean
    cursor?: string
    delimitedPrefixes: string[]
  }>
  createMultipartUpload: (
    key: string,
    options?: { customMetadata?: Record<string, string> },
  ) => Promise<MultipartUpload>
}

/** An object that is written in pieces; it takes the place of the one before when it is complete. */
export interface MultipartUpload {
  uploadPart: (
    partNumber: number,
    value: Uint8Array<ArrayBuffer>,
  ) => Promise<{ partNumber: number; etag: string }>
  complete: (parts: { partNumber: number; etag: string }[]) => Promise<StoredObject>
  abort: () => Promise<unknown>
}

/** All objects under a prefix, in the order of their keys. */
export async function* listAll(
  bucket: Pick<LakeBucket, 'list'>,
  options: Omit<ListOptions, 'cursor' | 'delimiter'>,
): AsyncGenerator<StoredObject> {
  let cursor: string | undefined
  do {
    const page = await bucket.list({ ...options, ...(cursor === undefined ? {} : { cursor }) })
    yield* page.objects
    cursor = page.truncated ? page.cursor : undefined
  } while (cursor !== undefined)
}

const SOURCE_FOLDER = /^[a-z]+\/source=([a-z0-9_-]{1,64})\/$/

/** Sources that have a folder under a prefix such as `parts/`, and the names beside these folders. */
export async function listSourceFolders(
  bucket: Pick<LakeBucket, 'list'>,
  prefix: string,
): Promise<{ sources: string[]; others: string[] }> {
  const sources: string[] = []
  const others: string[] = []
  let cursor: string | undefined
  do {
    const page = await bucket.list({ prefix, delimiter: '/', ...(cursor === undefined ? {} : { cursor }) })
    for (const folder of page.delimitedPrefixes) {
      const source = SOURCE_FOLDER.exec(folder)?.[1]
      if (source === undefined) others.push(folder)
      else sources.push(source)
    }
    others.push(...page.objects.map(({ key }) => key))
    cursor = page.truncated ? page.cursor : undefined
  } while (cursor !== undefined)
  return { sources, others }
}

/** Whether the content came along. */
export function hasContent(object: StoredContent | StoredObject): object is StoredContent {
  return 'arrayBuffer' in object && !('body' in object && object.body === undefined)
}
