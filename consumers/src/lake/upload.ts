/** Puts a file whose bytes come one after the other: small ones at once, large ones in pieces, so that none is held whole. */

import { joinBytes } from '@millrace/schemas/lake'
import type { LakeBucket, MultipartUpload, StoredObject } from './bucket.ts'

/**
 * Bytes of a piece; R2 wants all but the last to be of one size, and of 5 MiB at least. Hardly any file is larger, and what is
 * put at once is put on a condition.
 */
const PIECE_BYTES = 16 * 1024 * 1024

/** An object on its way. */
export interface Upload {
  /** Takes bytes in order, and holds them until there are enough. */
  push: (bytes: Uint8Array<ArrayBuffer>) => void
  /** Sends what is enough for a piece. To be awaited now and then, so that no more than a few pieces are held. */
  drain: () => Promise<void>
  /** Puts the object in its place; `false` when somebody has changed it since. */
  finish: (sha256: string) => Promise<boolean>
  /** Leaves everything as it is. */
  abort: () => Promise<void>
}

/** Options of {@link createUpload}. */
export interface UploadOptions {
  bucket: Pick<LakeBucket, 'put' | 'head' | 'createMultipartUpload'>
  key: string
  /** Etag of the object that it replaces; absent when there must be none. */
  replaces: string | undefined
  /** Default {@link PIECE_BYTES}; less than 5 MiB only in tests. */
  pieceBytes?: number
}

/** Begins one. */
export function createUpload({ bucket, key, replaces, pieceBytes = PIECE_BYTES }: UploadOptions): Upload {
  let waiting: Uint8Array<ArrayBuffer>[] = []
  let waitingBytes = 0
  let multipart: MultipartUpload | undefined
  const parts: { partNumber: number; etag: string }[] = []

  const send = async (bytes: Uint8Array<ArrayBuffer>) => {
    multipart ??= await bucket.createMultipartUpload(key)
    parts.push(await multipart.uploadPart(parts.length + 1, bytes))
  }

  const isCurrent = async () => {
    const there: StoredObject | null = await bucket.head(key)
    return there?.etag === replaces
  }

  return {
    push(bytes) {
      waiting.push(bytes)
      waitingBytes += bytes.byteLength
    },
    async drain() {
      while (waitingBytes >= pieceBytes) {
        const joined = joinBytes(waiting)
        waiting = [joined.slice(pieceBytes)]
        waitingBytes = joined.byteLength - pieceBytes
        await send(joined.slice(0, pieceBytes))
      }
    },
    async finish(sha256) {
      const rest = joinBytes(waiting)
      if (multipart === undefined) {
        const onlyIf = replaces === undefined ? { etagDoesNotMatch: '*' } : { etagMatches: replaces }
        return (await bucket.put(key, rest, { onlyIf, sha256 })) !== null
      }
      if (rest.byteLength > 0) await send(rest)
      // Completing takes no condition. Between the look and it only a run could come that took over our lease.
      if (!(await isCurrent())) return false
      await multipart.complete(parts)
      return true
    },
    async abort() {
      await multipart?.abort()
    },
  }
}
