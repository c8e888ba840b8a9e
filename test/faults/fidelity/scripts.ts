/**
 * Small scripts that ask the platform what it does. They run in workerd and in the simulator, and know neither: what they get is
 * the part of a binding that both have. Each gives an outcome that is JSON.
 */

/** A bucket, as far as the scripts use it. */
export interface ScriptBucket {
  put(key: string, value: string, options?: object): Promise<{ etag: string } | null>
  head(key: string): Promise<{ size: number; customMetadata?: Record<string, string> } | null>
  get(key: string, options?: object): Promise<{ text?: () => Promise<string> } | null>
  delete(keys: string | string[]): Promise<void>
  list(options: object): Promise<{
    objects: readonly { key: string }[]
    truncated: boolean
    cursor?: string
    delimitedPrefixes: readonly string[]
  }>
}

/** What a bucket script gets. */
export interface BucketContext {
  bucket: ScriptBucket
  /** No other script has keys that begin so. */
  prefix: string
  sleep: (ms: number) => Promise<void>
}

/** R2 takes one write a second for a key. */
const APART_MS = 1_100

async function fill({ bucket, prefix }: BucketContext, names: readonly string[]): Promise<void> {
  for (const name of names) await bucket.put(prefix + name, name)
}

async function namesOf({ bucket, prefix }: BucketContext, options: object) {
  const { objects, truncated, delimitedPrefixes, cursor } = await bucket.list({ prefix, ...options })
  const cut = (key: string) => key.slice(prefix.length)
  return { keys: objects.map(({ key }) => cut(key)), truncated, folders: delimitedPrefixes.map(cut), cursor }
}

/** By name; the names say what holds. */
export const BUCKET_SCRIPTS: Record<string, (context: BucketContext) => Promise<unknown>> = {
  async 'a write that must not replace anything gives null where there is something'({
    bucket,
    prefix,
    sleep,
  }) {
    const onlyIf = { etagDoesNotMatch: '*' }
    const first = await bucket.put(`${prefix}a`, 'one', { onlyIf })
    await sleep(APART_MS)
    const second = await bucket.put(`${prefix}a`, 'two', { onlyIf })
    const there = await bucket.get(`${prefix}a`)
    return [first !== null, second, await there?.text?.()]
  },
  async 'a write that must replace one version gives null for another'({ bucket, prefix, sleep }) {
    const before = await bucket.put(`${prefix}a`, 'one')
    await sleep(APART_MS)
    const wrong = await bucket.put(`${prefix}a`, 'two', { onlyIf: { etagMatches: 'x'.repeat(32) } })
    await sleep(APART_MS)
    const right = await bucket.put(`${prefix}a`, 'three', { onlyIf: { etagMatches: before?.etag } })
    return [
      wrong,
      right !== null,
      right?.etag !== before?.etag,
      await (await bucket.get(`${prefix}a`))?.text?.(),
    ]
  },
  async 'a read whose condition fails gives the object without content'({ bucket, prefix }) {
    await bucket.put(`${prefix}a`, 'one')
    const found = await bucket.get(`${prefix}a`, { onlyIf: { etagMatches: 'x'.repeat(32) } })
    return [found !== null, found !== null && 'body' in found, typeof found?.text]
  },
  async 'what is not there is null'({ bucket, prefix }) {
    return [await bucket.head(`${prefix}a`), await bucket.get(`${prefix}a`)]
  },
  async 'a range gives that part'({ bucket, prefix }) {
    await bucket.put(`${prefix}a`, '0123456789')
    return (await bucket.get(`${prefix}a`, { range: { offset: 2, length: 3 } }))?.text?.()
  },
  async 'metadata comes back'({ bucket, prefix }) {
    await bucket.put(`${prefix}a`, 'one', { customMetadata: { source: 'shop' } })
    const head = await bucket.head(`${prefix}a`)
    return [head?.size, head?.customMetadata]
  },
  async 'keys come in the order of their bytes'(context) {
    await fill(context, ['b', 'a', 'B', 'a/1', 'a-1', 'é', 'z'])
    return namesOf(context, {})
  },
  async 'keys after one begin behind it'(context) {
    await fill(context, ['a', 'b', 'c'])
    return namesOf(context, { startAfter: `${context.prefix}b` })
  },
  async 'a page ends at its limit, and the cursor goes on'(context) {
    await fill(context, ['a', 'b', 'c', 'd', 'e'])
    const first = await namesOf(context, { limit: 2 })
    const rest = await namesOf(context, { cursor: first.cursor })
    return [first.keys, first.truncated, rest.keys, rest.truncated, rest.cursor === undefined]
  },
  async 'a page that ends with the last key is not truncated'(context) {
    await fill(context, ['a', 'b'])
    return (await namesOf(context, { limit: 2 })).truncated
  },
  async 'folders are named once'(context) {
    await fill(context, ['a/1', 'a/2', 'b', 'c/1'])
    const { keys, folders, truncated } = await namesOf(context, { delimiter: '/' })
    return [keys, folders, truncated]
  },
  async 'many keys are deleted at once, and one that is not there does no harm'(context) {
    await fill(context, ['a', 'b', 'c'])
    await context.bucket.delete(['a', 'c', 'x'].map((name) => context.prefix + name))
    return (await namesOf(context, {})).keys
  },
}
