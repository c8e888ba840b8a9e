/** Keeps answers for as long as they are current, where every isolate of a data centre finds them. */

/** What is needed of the Cache API. */
export interface AnswerStore {
  match: (url: string) => Promise<{ text: () => Promise<string> } | undefined>
  put: (url: string, response: Response) => Promise<unknown>
}

/** Answers by their keys. Neither function rejects: a cache that is away is as good as an empty one. */
export interface AnswerCache {
  find: (key: string) => Promise<string | undefined>
  keep: (key: string, answer: string, ttlSeconds: number) => Promise<void>
}

/** Reserved, so it is never anybody's page. Source: RFC 2606, section 2. */
const ADDRESS = 'https://questions.millrace.invalid/'

/** Version of the answers: one of another release is not found. */
const VERSION = 1

/** A cache in the given store; in a Worker, `caches.default`. */
export function createAnswerCache(
  store: AnswerStore,
  log: (record: Record<string, unknown>) => void,
): AnswerCache {
  const failed = (error: unknown) => log({ level: 'warn', event: 'query_cache_failed', error: String(error) })
  return {
    async find(key) {
      try {
        return await (await store.match(ADDRESS + key))?.text()
      } catch (error) {
        failed(error)
        return undefined
      }
    },
    async keep(key, answer, ttlSeconds) {
      try {
        await store.put(
          ADDRESS + key,
          new Response(answer, { headers: { 'cache-control': `max-age=${ttlSeconds}` } }),
        )
      } catch (error) {
        failed(error)
      }
    },
  }
}

/**
 * The key of an answer: the source, and a hash of the question and of the time while it is current. The token is no part of
 * it, so one that is changed changes nothing; the source is, so nobody finds what is another's.
 */
export async function answerKey(
  source: string,
  echo: Record<string, unknown>,
  ttlSeconds: number,
  now: number,
): Promise<string> {
  const bucket = Math.floor(now / (ttlSeconds * 1_000))
  const text = JSON.stringify([VERSION, source, echo, ttlSeconds, bucket])
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${source}/${hex}`
}
