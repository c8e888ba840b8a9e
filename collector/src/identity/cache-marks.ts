/**
 * Marks of visits in the cache of the data centre: a visitor rarely changes it within half an hour, and what is in it is
 * gone by itself. Where there is no cache (Cloudflare has none for `*.workers.dev`) nothing is ever marked.
 */

import type { VisitMarks } from './cookieless.ts'

/** What is needed of the Cache API. */
export interface MarkCache {
  match: (url: string) => Promise<{ body: { cancel: () => Promise<unknown> } | null } | undefined>
  put: (url: string, response: Response) => Promise<unknown>
}

/** Reserved, so it is never anybody's page. Source: RFC 2606, section 2. */
const ADDRESS = 'https://visits.millrace.invalid/'

/** Marks in the given cache; in a Worker, `caches.default`. */
export function createCacheMarks(cache: MarkCache): VisitMarks {
  return {
    async has(id) {
      const found = await cache.match(ADDRESS + id)
      await found?.body?.cancel()
      return found !== undefined
    },
    async mark(id, ttlSeconds) {
      const headers = { 'cache-control': `max-age=${ttlSeconds}` }
      await cache.put(ADDRESS + id, new Response('1', { headers }))
    },
  }
}
