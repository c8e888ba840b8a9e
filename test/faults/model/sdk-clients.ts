/** The real SDKs among the clients of a seed: of every four seeds one has a browser, and one a server. */

import { listenForDrops } from '../clients/declared.ts'
import { createNodeClient } from '../clients/node/node-client.ts'
import { bundleWebSdk } from '../clients/web/sdk.ts'
import { createWebClient } from '../clients/web/web-client.ts'
import type { Client } from '../world/world.ts'

/** A visitor takes time: one who makes more events than this is not done when the faults are over. */
const MOST_EVENTS = 300

/** Those of a seed, none for every other one; a quarter of its events more. */
export async function createSdkClients(
  seed: number,
  events: number,
  sources: readonly string[],
): Promise<Client[]> {
  const source = sources[(seed >> 3) % sources.length] as string
  const options = {
    ...{ source, writeKey: `key-${source}`, endpoint: 'https://edge.sim' },
    events: Math.min(MOST_EVENTS, Math.ceil(events / 4)),
  }
  if (seed % 4 === 1)
    return [withDeclared(createWebClient({ ...options, name: `web${seed}`, loadSdk: await bundleWebSdk() }))]
  if (seed % 4 === 3)
    return [
      withDeclared(createNodeClient({ ...options, name: `node${seed}`, hasSpool: (seed >> 2) % 2 === 1 })),
    ]
  return []
}

function withDeclared(client: Client): Client {
  const { drops, listen } = listenForDrops()
  return {
    ...client,
    declared: () => drops,
    start: (world) => client.start({ ...world, fetchFor: listen(world.fetchFor) }),
  }
}
