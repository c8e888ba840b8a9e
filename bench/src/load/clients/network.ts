/** The way from simulated clients to the collector: the platform's `fetch`, timed, that can be shut as a network is. */

import type { Journal } from './journal.ts'

/** A network of one process. */
export interface Network {
  fetch: typeof fetch
  /** While it is shut, requests fail before they begin; those under way go on. */
  setOpen: (isOpen: boolean) => void
}

/** Creates an open one. */
export function createNetwork(
  journal: Journal,
  platform = { fetch: globalThis.fetch, now: () => performance.now() },
): Network {
  let isOpen = true
  return {
    async fetch(input, init) {
      // As the platform's own says it when there is no network.
      if (!isOpen) throw new TypeError('fetch failed')
      const startedAt = platform.now()
      journal.open(1)
      try {
        const response = await platform.fetch(input, init)
        const body = await response.arrayBuffer()
        journal.answer(response.status, platform.now() - startedAt)
        return new Response(response.status === 204 ? null : body, {
          status: response.status,
          headers: response.headers,
        })
      } catch (error) {
        journal.answer(0, platform.now() - startedAt)
        throw error
      } finally {
        journal.open(-1)
      }
    },
    setOpen: (value) => {
      isOpen = value
    },
  }
}
