/** Entry of a process of simulated clients: tracks at the rate it is told, and says every second what came of it. */

import { join } from 'node:path'
import { createBrowserClient } from './browser-client.ts'
import type { Client } from './client.ts'
import { createJournal } from './journal.ts'
import { createNetwork } from './network.ts'
import { createNodeClient } from './node-client.ts'
import { createPacer } from './pacer.ts'
import { loadWebSdk } from './sdk-script.ts'
import type { ClientsOrder, Command, Word } from './wire.ts'

/** Between two looks at what is due. */
const TICK_MS = 20

const REPORT_MS = 1_000

/** Every fifth server has a spool. */
const SPOOL_EVERY = 5

const order = JSON.parse(process.argv[2] ?? '') as ClientsOrder
const journal = createJournal()
const network = createNetwork(journal)
const pacer = createPacer(() => performance.now())
// Each client with a spool has listeners of its own for the end of the process.
process.setMaxListeners(0)
// Whoever started it is gone.
process.on('disconnect', () => process.exit(1))
// They are for the bench, which ends this process.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})

const clients = createClients(order)
let next = 0
const ticking = setInterval(() => pacer.run(() => clients[next++ % clients.length]?.track() ?? 1), TICK_MS)
const reporting = setInterval(() => say(journal.take()), REPORT_MS)
process.on('message', (command: Command) => void obey(command))
say({ kind: 'ready' })

function createClients({ kind, clients: count, endpoint, spoolPath, firstIndex }: ClientsOrder): Client[] {
  const { fetch } = network
  const shared = { endpoint, journal, fetch }
  const sdk = kind === 'browser' ? loadWebSdk() : undefined
  return Array.from({ length: count }, (_, i) => {
    const index = firstIndex + i
    if (sdk !== undefined) return createBrowserClient({ ...shared, index, sdk })
    const spool = join(spoolPath, String(index))
    return createNodeClient({ ...shared, index, ...(index % SPOOL_EVERY === 0 ? { spool } : {}) })
  })
}

async function obey(command: Command): Promise<void> {
  if (command.kind === 'rate') pacer.setRate(command.eventsPerSecond)
  else if (command.kind === 'gate') network.setOpen(command.isOpen)
  else if (command.kind === 'report') say(journal.take(true))
  else await finish(command.timeoutMs)
}

async function finish(timeoutMs: number): Promise<void> {
  clearInterval(ticking)
  await Promise.all(clients.map((client) => client.finish(timeoutMs)))
  const waiting = await Promise.all(clients.map((client) => client.waiting()))
  clearInterval(reporting)
  say(journal.take())
  say({ kind: 'finished', waiting: waiting.reduce((sum, count) => sum + count, 0) })
}

function say(word: Word): void {
  process.send?.(word)
}
