/** A world as small as one can be that writes rows as the consumers do: the SDKs' clients, one collector, no services. */

import { decodeEnvelope, type Envelope } from '@millrace/schemas'
import type { Row } from '@millrace/schemas/native'
import { createApp } from '../../../collector/src/app.ts'
import { createBooks } from '../../../collector/src/receipts/books.ts'
import { createSources } from '../../../collector/src/sources.ts'
import { buildReceiptRows } from '../../../consumers/src/rows/receipt-rows.ts'
import { buildEventRows, buildOmittedRows, buildQuarantineRows } from '../../../consumers/src/rows/rows.ts'
import { createFakeWorld } from '../clients/fake-world.ts'
import { createNodeClient } from '../clients/node/node-client.ts'
import { bundleWebSdk } from '../clients/web/sdk.ts'
import { createWebClient } from '../clients/web/web-client.ts'
import type { SeedRows } from './seed-rows.ts'

const HOUR_MS = 3_600_000

const FAULTS = { crash: 0.01, requestLost: 0.1, answerLost: 0.15, networkHang: 0.03, failure: 0.1 }

/** Plays a seed: one visitor and one server of the source `shop`, whose requests are stored late, twice and in any order. */
export async function playSmall(seed: number, events: number): Promise<SeedRows> {
  const envelopes: Envelope[] = []
  const fake = createFakeWorld(seed, FAULTS, (request) => app.fetch(request))
  const { random, clock } = fake.world
  const app = createApp({
    sources: createSources([{ name: 'shop', writeKeys: ['wk'] }]),
    makeDurable: async (texts) => void envelopes.push(...texts.map(decode)),
    books: createBooks({ now: clock.now, randomId: () => random.hex(16) }),
    now: clock.now,
    log: () => {},
  })
  const options = { source: 'shop', writeKey: 'wk', endpoint: 'https://events.example', events }
  const clients = [
    createWebClient({ ...options, name: 'visitor', loadSdk: await bundleWebSdk() }),
    createNodeClient({ ...options, name: 'server', hasSpool: seed % 2 === 0 }),
  ]
  const isIdle = await fake.play(clients, HOUR_MS)
  const problems = clients.flatMap((client) => client.problems())
  if (!isIdle || problems.length > 0) throw new Error(`seed ${seed} did not come to rest: ${problems}`)
  const delivered = [...envelopes, ...envelopes.filter(() => random.chance(0.2))]
  const rows = rowsOf(random.chance(0.5) ? random.shuffle(delivered) : delivered)
  return {
    seed,
    sources: ['shop'],
    rows: (table) => rows.get(table) ?? [],
    acknowledged: new Map([['shop', clients.flatMap((client) => client.sent().acknowledged)]]),
    dead: new Map(),
    hasDeadLetters: false,
  }
}

function decode(text: string): Envelope {
  const decoded = decodeEnvelope(text)
  if (!decoded.ok) throw new Error(decoded.message)
  return decoded.envelope
}

function rowsOf(envelopes: readonly Envelope[]): Map<string, readonly Row[]> {
  return new Map([
    ['events', envelopes.flatMap(buildEventRows)],
    ['quarantine', envelopes.flatMap(buildQuarantineRows)],
    ['omitted', envelopes.flatMap(buildOmittedRows)],
    ['receipts', envelopes.flatMap((envelope) => buildReceiptRows(envelope))],
  ])
}
