/** A server with the real Node SDK: processes that start, crash, restart on the same disk, and run beside each other. */

import type { MillraceOptions } from '../../../../sdk-node/src/client-options.ts'
import type { Random } from '../../world/random.ts'
import type { World } from '../../world/world.ts'
import { openBooks } from '../books.ts'
import { createMachine } from '../machine.ts'
import { createSkew, ledgerOf } from '../sent.ts'
import type { SdkClient } from '../web/web-client.ts'
import { createDisk } from './disk.ts'
import { marksOn } from './saved-events.ts'
import { type Server, type SharedSpool, startServer } from './server-life.ts'

/** Options of {@link createNodeClient}. */
export interface NodeClientOptions {
  /** No other client of the run has it. */
  name: string
  source: string
  writeKey: string
  /** Address of the collector. */
  endpoint: string
  /** How many events it makes. */
  events: number
  /** Whether events are kept on disk until they are answered for. */
  hasSpool: boolean
}

const NAMES = ['Order Completed', 'Invoice Paid', 'Mail Sent']

/** Creates it. */
export function createNodeClient(options: NodeClientOptions): SdkClient {
  const books = openBooks(options.name)
  const acknowledged: string[] = []
  const bad: string[] = []
  const servers: Server[] = []
  let spool: SharedSpool | undefined
  let isDone = false
  let keepAlive = () => {}

  function start(world: World): void {
    const random = world.random.fork(options.name)
    const skewMs = createSkew(world, random)
    const sdk = { ...drawSettings(random), writeKey: options.writeKey, endpoint: options.endpoint }
    const address = `198.51.100.${random.integer(1, 254)}`
    let pid = 0
    spool = options.hasSpool ? createSpool(world, random) : undefined
    const launch = () => {
      pid += 1
      const process = world.spawn(`${options.name} process ${pid}`)
      const machine = createMachine({ world, process, random, address, skewMs })
      const onAcknowledged = ({ stream, seq }: { stream?: string; seq?: number }) =>
        void acknowledged.push(`${stream}-${seq}`)
      try {
        const server = startServer({ machine, books, pid, sdk, spool, onAcknowledged })
        servers.push(server)
        process.onCrash(() => void servers.splice(servers.indexOf(server), 1))
      } catch {
        // The disk refuses its folder, or it died while it started: whoever watches over it starts it again.
        process.crash('it could not start')
      }
    }
    keepAlive = () => {
      if (servers.length === 0) launch()
    }
    const goOn = () => {
      if (servers.length === 0 || (servers.length < 3 && random.chance(0.01))) launch()
      const server = servers.length > 0 && !isDone ? random.pick(servers) : undefined
      if (server !== undefined && books.events.length < options.events) act(world, random, server)
      world.clock.setTimeout(
        goOn,
        random.chance(0.9) ? random.integer(1, 3_000) : random.integer(3_000, 90_000),
      )
    }
    goOn()
  }

  function record({ call }: Server, random: Random, now: number): void {
    if (books.events.length >= options.events) return
    const kind = random.next()
    call((client, mark, done) => {
      const userId = `user-${random.integer(1, 20)}`
      if (kind < 0.05) return client.identify({ userId, traits: { mark } }, done)
      const timestamp = kind < 0.06 ? new Date(now + 30 * 86_400_000) : undefined
      if (timestamp !== undefined) bad.push(mark)
      const properties = { mark, total: random.integer(1, 99_999) / 100 }
      return client.track({ userId, event: random.pick(NAMES), properties, timestamp }, done)
    })
  }

  /** One thing that happens in a process. */
  function act(world: World, random: Random, server: Server): void {
    const { client, machine } = server
    const drawn = random.next()
    const count = drawn < 0.7 ? random.integer(1, 8) : drawn < 0.8 ? random.integer(50, 300) : 0
    for (let left = count; left > 0 && !machine.process.isDead(); left--)
      record(server, random, machine.now())
    if (drawn < 0.8) return
    if (drawn < 0.88) client.flush({ timeoutMs: random.integer(0, 20_000) }).catch(() => {})
    else if (drawn < 0.9 && world.faultsOn()) machine.process.crash('by a bug of the application')
    else if (drawn < 0.92) server.exit()
    else if (drawn < 0.94) server.signal('SIGTERM')
    else if (drawn < 0.97) {
      const timeoutMs = random.chance(0.3) ? 0 : random.integer(1, 30_000)
      client.close({ timeoutMs }).then(server.exit, () => {})
    } else if (drawn < 0.98) server.signal('beforeExit')
  }

  const keptCount = () =>
    books.events.filter(({ fate, isSaved }) => isSaved && (fate === 'numbered' || fate === 'taken')).length
  return {
    name: options.name,
    source: options.source,
    books,
    start,
    finish() {
      isDone = true
      keepAlive()
    },
    isIdle() {
      keepAlive()
      return servers.every(({ unsettled }) => unsettled() === 0) && keptCount() === 0
    },
    sent: () => ledgerOf(books, acknowledged, bad),
    problems() {
      const there = spool === undefined ? new Set<string>() : marksOn(spool.disk)
      return books.events
        .filter(
          ({ fate, isSaved, mark }) =>
            isSaved && fate !== 'acknowledged' && fate !== 'dropped' && !there.has(mark),
        )
        .map(({ mark, stream, seq, fate }) => `${mark} (${stream}-${seq}) was saved, and is gone: ${fate}`)
    },
  }
}

function drawSettings(random: Random): Omit<MillraceOptions, 'writeKey' | 'secretKey' | 'endpoint'> {
  return {
    gzip: random.chance(0.5),
    lanes: random.pick([1, 1, 3]),
    ...(random.chance(0.4) ? { flushAt: random.pick([1, 20, 400]) } : {}),
    ...(random.chance(0.4) ? { flushIntervalMs: random.pick([1, 200, 8_000]) } : {}),
    ...(random.chance(0.2) ? { maxRetries: random.integer(0, 3) } : {}),
    ...(random.chance(0.2) ? { maxQueueBytes: 131_072 } : {}),
  }
}

function createSpool(world: World, random: Random): SharedSpool {
  const crashAt = world.faults.crash / 20
  const isTroubled = random.chance(0.2)
  let failingUntil = 0
  return {
    disk: createDisk(),
    fsync: random.pick(['always', 'interval', 'never']),
    maxQueueBytes: 200_000,
    running: new Set(),
    fails({ process }, name) {
      if (!world.faultsOn()) return false
      if (random.chance(crashAt)) {
        world.injected('crash at the disk', `${process.name} ${name}`)
        process.crash(`at ${name}`)
        return true
      }
      const now = world.clock.now()
      if (isTroubled && random.chance(0.0005)) {
        failingUntil = now + random.integer(1, 60_000)
        world.injected('disk outage', process.name)
      }
      return now < failingUntil
    },
  }
}
