/** The functions of `node:fs` that the spool uses, as one object, so that tests can let any call fail. */

import * as nodeFs from 'node:fs'

export type FileSystem = Pick<
  typeof nodeFs,
  | 'accessSync'
  | 'closeSync'
  | 'fsync'
  | 'fsyncSync'
  | 'ftruncateSync'
  | 'linkSync'
  | 'mkdirSync'
  | 'openSync'
  | 'readFileSync'
  | 'readSync'
  | 'readdirSync'
  | 'renameSync'
  | 'rmSync'
  | 'rmdirSync'
  | 'statSync'
  | 'unlinkSync'
  | 'writeFileSync'
  | 'writeSync'
>

export const platformFileSystem: FileSystem = nodeFs

/** Runs a call whose failure changes nothing that anybody relies on: tidying up, or a hint to the disk. */
export function attempt<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}

/** The code of a failed call (`ENOSPC`); `undefined` for anything else that was thrown. */
export function errorCode(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return undefined
  return typeof cause.code === 'string' ? cause.code : undefined
}

/**
 * Makes the names in a folder survive a power cut. Some platforms (Windows) and file systems cannot open a folder or sync
 * it; they keep names in order by themselves or not at all, so a failure says nothing about the events.
 */
export function syncFolder(fs: FileSystem, path: string): void {
  attempt(() => {
    const fd = fs.openSync(path, 'r')
    try {
      fs.fsyncSync(fd)
    } finally {
      fs.closeSync(fd)
    }
  })
}
