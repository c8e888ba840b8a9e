/** What journeys use of the collector's app. */

interface CollectorDeps {
  sources: unknown
  makeDurable: (envelopes: string[]) => Promise<unknown>
  now: () => number
  log: (record: Record<string, unknown>) => void
}

export function createApp(deps: CollectorDeps): {
  request: (path: string, init: RequestInit) => Response | Promise<Response>
}

export function createSources(
  sources: readonly { name: string; writeKeys: string[]; secretKey?: string }[],
): unknown
