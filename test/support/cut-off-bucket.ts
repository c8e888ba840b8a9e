/** A bucket that fails at one of its writes, as it is for a Worker that is gone: before it is done, or when it is done. */

import type { LakeBucket, MultipartUpload } from '../../consumers/src/lake/bucket.ts'

/** The run was cut off on purpose. */
export class CutOffBucket extends Error {}

/**
 * The bucket, and whether it came to that.
 *
 * @param write which write it is, from 1
 */
export function cutOffAt(
  bucket: LakeBucket,
  when: 'before' | 'after',
  write: number,
): { bucket: LakeBucket; isCut: () => boolean } {
  let left = write
  let isGone = false
  const cut = async <T>(work: () => Promise<T>): Promise<T> => {
    // Who is gone does nothing more, whatever is caught on the way.
    if (isGone) throw new CutOffBucket('CutOff')
    left--
    isGone = left === 0
    if (isGone && when === 'before') throw new CutOffBucket('CutOff')
    const result = await work()
    if (isGone) throw new CutOffBucket('CutOff')
    return result
  }
  return {
    isCut: () => isGone,
    bucket: {
      ...bucket,
      put: (...args) => cut(() => bucket.put(...args)),
      delete: (...args) => cut(() => bucket.delete(...args)),
      async createMultipartUpload(...args) {
        const upload = await cut(() => bucket.createMultipartUpload(...args))
        const cutting: MultipartUpload = {
          uploadPart: (...part) => cut(() => upload.uploadPart(...part)),
          complete: (...parts) => cut(() => upload.complete(...parts)),
          abort: () => upload.abort(),
        }
        return cutting
      },
    },
  }
}
