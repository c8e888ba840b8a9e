/**
 * R2 as it is documented: whole objects, seen by all once a write resolves, conditions that give `null`, one write a second for
 * a key, pages of a thousand keys.
 */

import type { Condition, LakeBucket, ListOptions, StoredObject } from '../../../consumers/src/lake/bucket.ts'
import { callService, type Service } from './call.ts'
import type { SimProcess, World } from './world.ts'

/** What is in the bucket. */
export interface SimObject {
  bytes: Uint8Array<ArrayBuffer>
  etag: string
  uploadedAt: number
  customMetadata?: Record<string, string>
}

/** The bucket of a world. */
export interface SimBucket {
  objects: ReadonlyMap<string, SimObject>
  /** As a process has it. */
  bindingFor: (process: SimProcess) => SimBinding
  /** Without a process, faults or time: for the checks. */
  direct: SimBinding
}

/** What production code takes of a bucket, all of it. */
export type SimBinding = LakeBucket & {
  put: (
    key: string,
    value: Uint8Array<ArrayBuffer> | string,
    options?: { onlyIf?: Condition; customMetadata?: Record<string, string>; sha256?: string },
  ) => Promise<StoredObject | null>
}

/** Keys of one page. Source: R2's Workers API reference, `list` returns at most 1,000 entries. */
const PAGE = 1_000

/** R2 takes one write a second for a key, and answers others with 429. Source: R2 limits. */
const KEY_INTERVAL_MS = 1_000

const encoder = new TextEncoder()

/** An empty bucket. */
export function createBucket(world: World, service: Service): SimBucket {
  const objects = new Map<string, SimObject>()
  let keys: string[] | undefined
  let writes = 0
  const sortedKeys = () => (keys ??= [...objects.keys()].sort())

  const write = (key: string, bytes: Uint8Array<ArrayBuffer>, customMetadata?: Record<string, string>) => {
    const before = objects.get(key)
    if (before === undefined) keys = undefined
    const object: SimObject = {
      bytes,
      etag: `etag${++writes}`,
      uploadedAt: world.clock.now(),
      ...(customMetadata === undefined ? {} : { customMetadata }),
    }
    objects.set(key, object)
    world.trace(`bucket has ${key} (${bytes.byteLength} bytes)`)
    return describe(key, object)
  }
  const refuseFastWrite = (key: string) => {
    const before = objects.get(key)
    if (before !== undefined && world.clock.now() - before.uploadedAt < KEY_INTERVAL_MS) {
      throw new Error(`put: Reduce your concurrent request rate for the same object. (10058) ${key}`)
    }
  }

  const acts = {
    head: (key: string) => {
      const object = objects.get(key)
      return object === undefined ? null : describe(key, object)
    },
    get(key: string, { range, onlyIf }: NonNullable<Parameters<LakeBucket['get']>[1]> = {}) {
      const object = objects.get(key)
      if (object === undefined) return null
      if (!holds(onlyIf, object)) return describe(key, object)
      const { offset, length } = range ?? { offset: 0, length: object.bytes.byteLength }
      const content = object.bytes.subarray(offset, offset + length)
      return {
        ...describe(key, object),
        arrayBuffer: async () => content.slice().buffer,
        text: async () => new TextDecoder().decode(content),
      }
    },
    put(
      key: string,
      value: Uint8Array<ArrayBuffer> | string,
      { onlyIf, customMetadata }: NonNullable<Parameters<LakeBucket['put']>[2]> = {},
    ) {
      if (!holds(onlyIf, objects.get(key))) return null
      refuseFastWrite(key)
      return write(key, typeof value === 'string' ? encoder.encode(value) : value.slice(), customMetadata)
    },
    delete(some: string | string[]) {
      for (const key of [some].flat()) if (objects.delete(key)) keys = undefined
    },
    list: (options: ListOptions) =>
      listKeys(sortedKeys(), options, (key) => describe(key, objects.get(key) as SimObject)),
  }
  const bind = (call: <T>(effect: string, act: () => T) => Promise<T>): SimBinding => ({
    head: (key) => call(`head ${key}`, () => acts.head(key)),
    get: (key, options) => call(`get ${key}`, () => acts.get(key, options)),
    put: (key, value, options) => call(`put ${key}`, () => acts.put(key, value, options)),
    delete: (some) => call(`delete ${[some].flat()[0]} of ${[some].flat().length}`, () => acts.delete(some)),
    list: (options) => call(`list ${options.prefix}`, () => acts.list(options)),
    async createMultipartUpload(key, { customMetadata } = {}) {
      const pieces: Uint8Array[] = []
      return {
        uploadPart: (partNumber, value) =>
          call(`upload part ${partNumber} of ${key}`, () => {
            pieces[partNumber - 1] = value.slice()
            return { partNumber, etag: String(partNumber) }
          }),
        complete: (parts) =>
          call(`complete ${key}`, () => {
            const content = Buffer.concat(
              parts.map(({ partNumber }) => pieces[partNumber - 1] ?? new Uint8Array()),
            )
            return write(key, new Uint8Array(content), customMetadata)
          }),
        abort: () => call(`abort ${key}`, () => undefined),
      }
    },
  })
  return {
    objects,
    direct: bind(async (_, act) => act()),
    bindingFor: (process) =>
      bind((effect, act) => callService(world, process, service, `bucket.${effect}`, act)),
  }
}

function describe(key: string, { bytes, etag, uploadedAt, customMetadata }: SimObject): StoredObject {
  return {
    key,
    size: bytes.byteLength,
    etag,
    uploaded: new Date(uploadedAt),
    ...(customMetadata === undefined ? {} : { customMetadata }),
  }
}

function holds({ etagMatches, etagDoesNotMatch }: Condition = {}, there: SimObject | undefined): boolean {
  if (etagMatches !== undefined && there?.etag !== etagMatches) return false
  if (etagDoesNotMatch === undefined || there === undefined) return true
  return etagDoesNotMatch !== '*' && there.etag !== etagDoesNotMatch
}

function listKeys(
  keys: readonly string[],
  { prefix, startAfter, cursor, delimiter, limit = PAGE }: ListOptions,
  read: (key: string) => StoredObject,
) {
  const after = cursor ?? startAfter ?? ''
  const most = Math.min(limit, PAGE)
  const objects: StoredObject[] = []
  const delimitedPrefixes = new Set<string>()
  let last = ''
  let truncated = false
  for (let at = lowerBound(keys, prefix); at < keys.length; at++) {
    const key = keys[at] as string
    if (!key.startsWith(prefix)) break
    const cut = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length)
    const folder = cut === -1 ? undefined : key.slice(0, cut + 1)
    // A cursor that is a folder stands for all that is in it.
    if (key <= after || (folder !== undefined && after.startsWith(folder))) continue
    if (folder !== undefined && delimitedPrefixes.has(folder)) continue
    if (objects.length + delimitedPrefixes.size === most) {
      truncated = true
      break
    }
    if (folder === undefined) objects.push(read(key))
    else delimitedPrefixes.add(folder)
    last = key
  }
  return {
    objects,
    truncated,
    ...(truncated ? { cursor: last } : {}),
    delimitedPrefixes: [...delimitedPrefixes],
  }
}

function lowerBound(keys: readonly string[], wanted: string): number {
  let [low, high] = [0, keys.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] as string) < wanted) low = middle + 1
    else high = middle
  }
  return low
}
