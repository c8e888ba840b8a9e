/** A bucket that is a folder, so that DuckDB and ClickHouse can glob what is in it; an object is replaced at once, as in R2. */

import { createHash } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Condition, LakeBucket, ListOptions, StoredObject } from '../../consumers/src/lake/bucket.ts'

/** Keys of one page of a listing; R2 has 1,000. */
const PAGE = 1_000

/** Where metadata are, beside the objects. */
const METADATA = '.metadata'

/** The bucket over a folder, which must be there. A copy of the folder is a bucket of its own. */
export function createFolderBucket(folder: string): LakeBucket {
  const etags = new Map<string, string>()
  let writes = 0

  const describe = async (key: string): Promise<StoredObject | null> => {
    const found = await stat(join(folder, key)).catch(() => undefined) // not there
    if (found === undefined || !found.isFile()) return null
    const text = await readFile(join(folder, METADATA, key), 'utf8').catch(() => undefined) // has none
    const customMetadata = text === undefined ? undefined : (JSON.parse(text) as Record<string, string>)
    return {
      key,
      size: found.size,
      etag: etags.get(key) ?? `${found.mtimeMs}-${found.size}`,
      uploaded: found.mtime,
      ...(customMetadata === undefined ? {} : { customMetadata }),
    }
  }

  const write = async (
    key: string,
    content: Uint8Array | string,
    customMetadata: Record<string, string> | undefined,
  ): Promise<StoredObject> => {
    const path = join(folder, key)
    await mkdir(dirname(path), { recursive: true })
    const draft = join(folder, `.draft-${writes++}`)
    await writeFile(draft, content)
    const beside = join(folder, METADATA, key)
    await mkdir(dirname(beside), { recursive: true })
    await writeFile(beside, JSON.stringify(customMetadata ?? {}))
    await rename(draft, path)
    etags.set(key, `${createHash('md5').update(content).digest('hex')}-${writes}`)
    return (await describe(key)) as StoredObject
  }

  const holds = ({ etagMatches, etagDoesNotMatch }: Condition = {}, there: StoredObject | null) =>
    (etagMatches === undefined || there?.etag === etagMatches) &&
    (etagDoesNotMatch === undefined || there === null)

  return {
    head: describe,
    async get(key, { range, onlyIf } = {}) {
      const there = await describe(key)
      if (there === null || !holds(onlyIf, there)) return there
      const read = async () => {
        if (range === undefined) return new Uint8Array(await readFile(join(folder, key)))
        const file = await open(join(folder, key))
        const { buffer, bytesRead } = await file.read(
          new Uint8Array(range.length),
          0,
          range.length,
          range.offset,
        )
        await file.close()
        return buffer.subarray(0, bytesRead)
      }
      const content = await read()
      return {
        ...there,
        arrayBuffer: async () => content.slice().buffer,
        text: async () => new TextDecoder().decode(content),
      }
    },
    async put(key, value, { onlyIf, customMetadata } = {}) {
      if (!holds(onlyIf, await describe(key))) return null
      return write(key, value, customMetadata)
    },
    async delete(keys) {
      for (const key of [keys].flat()) await rm(join(folder, key), { force: true })
    },
    list: (options) => listFolder(folder, options, describe),
    async createMultipartUpload(key, { customMetadata } = {}) {
      const pieces: Uint8Array[] = []
      return {
        async uploadPart(partNumber, value) {
          pieces[partNumber - 1] = value.slice()
          return { partNumber, etag: String(partNumber) }
        },
        complete: async (parts) =>
          write(
            key,
            Buffer.concat(parts.map(({ partNumber }) => pieces[partNumber - 1] ?? new Uint8Array())),
            customMetadata,
          ),
        async abort() {},
      }
    },
  }
}

async function listFolder(
  folder: string,
  { prefix, startAfter, cursor, delimiter, limit = PAGE }: ListOptions,
  describe: (key: string) => Promise<StoredObject | null>,
) {
  const after = cursor ?? startAfter ?? ''
  const names = await readdir(folder, { recursive: true })
  const keys = names.filter((key) => key.startsWith(prefix) && !key.startsWith('.')).sort()
  const objects: StoredObject[] = []
  const delimitedPrefixes = new Set<string>()
  for (const key of keys) {
    const cut = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length)
    const object = await describe(key)
    if (object === null) continue
    if (cut !== -1) delimitedPrefixes.add(key.slice(0, cut + 1))
    else if (key > after) objects.push(object)
  }
  const page = objects.slice(0, limit)
  const truncated = page.length < objects.length
  return {
    objects: page,
    truncated,
    ...(truncated ? { cursor: page.at(-1)?.key ?? '' } : {}),
    delimitedPrefixes: [...delimitedPrefixes].sort(),
  }
}
