/** What reading the lake needs of the R2 binding. */

/** An object without its content. */
export interface StoredObject {
  /** Of the whole object, in bytes. */
  size: number
  etag: string
  /** The etag in quotes, as HTTP has it. */
  httpEtag: string
  uploaded: Date
}

/** An object with its content, or the part of it that was asked for; to be read once. */
export interface StoredContent extends StoredObject {
  body: ReadableStream<Uint8Array>
  arrayBuffer: () => Promise<ArrayBuffer>
  text: () => Promise<string>
}

/** A part of an object in bytes: from an offset, or the last so many. */
export type ByteRange = { offset: number; length?: number } | { suffix: number }

/** The bucket. */
export interface LakeBucket {
  head: (key: string) => Promise<StoredObject | null>
  /** `null` where there is no object; without content where the condition does not hold. */
  get: (
    key: string,
    options?: { range?: ByteRange; onlyIf?: Headers | { etagMatches: string } },
  ) => Promise<StoredContent | StoredObject | null>
}

/** Whether the content came along. */
export function hasContent(object: StoredContent | StoredObject): object is StoredContent {
  return 'body' in object && object.body !== undefined && object.body !== null
}
