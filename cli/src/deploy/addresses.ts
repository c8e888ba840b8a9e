/** Finds the front door among what wrangler deployed to. Pure. */

import type { WranglerConfig } from '../doctor/wrangler-config.ts'

/** Where a deployed Worker is, the best first: an own domain, a route, workers.dev. */
export function listAddresses(targets: readonly string[], bindings: WranglerConfig): string[] {
  const told = targets.flatMap(parseTarget)
  const written = (bindings.routes ?? []).flatMap((route) => {
    if (typeof route === 'string') return parseTarget(route)
    return parseTarget(route.custom_domain === true ? `${route.pattern} (custom domain)` : route.pattern)
  })
  const found = told.length > 0 ? told : written
  const sorted = [...found].sort((a, b) => a.rank - b.rank)
  return [...new Set(sorted.map(({ address }) => address))]
}

/** `shop.example (custom domain)`, `shop.example/* (zone name: …)`, `millrace.name.workers.dev`; others are no address. */
function parseTarget(target: string): { address: string; rank: number }[] {
  const [, scheme = 'https', host = '', port = '', note = ''] =
    /^(?:(https?):\/\/)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)(:\d+)?(?:\/\*?)?( \(.*\))?$/i.exec(target.trim()) ?? []
  if (host === '') return []
  const rank = note.includes('custom domain') ? 0 : host.endsWith('.workers.dev') ? 2 : 1
  return [{ address: `${scheme}://${host}${port}`, rank }]
}
