/** Where a replay reads from: the lake behind the collector, or a folder that `millrace export` has made. */

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createManifest, type Manifest, parseManifest, sourcePrefix } from '@millrace/schemas/lake'

/** The published files of one source. */
export interface Lake {
  /** The list of files; an empty one when nothing was published yet. */
  readManifest: () => Promise<Manifest>
  /**
   * A file, whole. Rejects with a `code` of `missing` or `mismatch` when the trouble is with this file alone.
   *
   * @param path as the manifest has it
   * @param file.sha256 of the content, hex
   */
  readFile: (path: string, file: { sha256: string }) => Promise<ArrayBuffer>
}

/** A file is not there, or is not what the manifest says; the message tells which and why. */
export class LakeFileTrouble extends Error {
  override readonly name = 'LakeFileTrouble'
  readonly code: 'missing' | 'mismatch'

  constructor(code: 'missing' | 'mismatch', message: string) {
    super(message)
    this.code = code
  }
}

/** The folder cannot be read as a lake. */
export class LakeFailure extends Error {
  override readonly name = 'LakeFailure'
}

/** Whether an error is about one file, so that the others can still be read. */
export function isFileTrouble(error: unknown): error is Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return (
    code === 'missing' ||
    code === 'mismatch' ||
    (error instanceof Error && error.name === 'UnreadableLakeFile')
  )
}

/**
 * A folder with the layout of the bucket: `events/source=shop/…`, `source=shop/…`, or the folder of the source itself.
 *
 * `readManifest` rejects with LakeFailure when there is a manifest that is none.
 */
export function openFolderLake(folder: string, source: string): Lake {
  const prefix = sourcePrefix(source)
  const places = [prefix, prefix.slice(prefix.indexOf('/') + 1), ''].map((place) => join(folder, place))
  let base = places[0] ?? folder
  return {
    async readManifest() {
      for (const place of places) {
        const text = await readIfThere(join(place, '_manifest.json'))
        if (text === undefined) continue
        const parsed = parseManifest(text.toString('utf8'), source)
        if (!parsed.ok)
          throw new LakeFailure(`cannot read ${join(place, '_manifest.json')}: ${parsed.message}`)
        base = place
        return parsed.manifest
      }
      return createManifest(source)
    },
    async readFile(path, { sha256 }) {
      const content = await readIfThere(join(base, path.slice(prefix.length)))
      if (content === undefined) throw new LakeFileTrouble('missing', `there is no file ${path}`)
      if (createHash('sha256').update(content).digest('hex') !== sha256) {
        throw new LakeFileTrouble(
          'mismatch',
          `${path} has other content than its SHA-256 in the manifest says`,
        )
      }
      return Uint8Array.from(content).buffer
    },
  }
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new LakeFailure(`cannot read ${path}: ${(error as Error).message}`, { cause: error })
  }
}
