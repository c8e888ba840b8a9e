/** A visitor's browser with the real browser SDK in its pages, as a client of the simulated world. */

import type { Random } from '../../world/random.ts'
import type { Client, ClientLedger, SimProcess, World } from '../../world/world.ts'
import { type ClientBooks, type ClientEvent, openBooks } from '../books.ts'
import { createMachine, type Machine } from '../machine.ts'
import { createSkew, ledgerOf } from '../sent.ts'
import { type Browser, type BrowserOptions, createBrowser } from './browser.ts'
import type { Refusal } from './database.ts'
import { eventsOf } from './page-books.ts'
import type { LoadSdk } from './sdk.ts'
import { createVisitor, type Visitor } from './visitor.ts'

/** Options of {@link createWebClient}. */
export interface WebClientOptions {
  /** No other client of the run has it. */
  name: string
  source: string
  writeKey: string
  /** Address of the collector. */
  endpoint: string
  /** How many events it makes. */
  events: number
  /** From `bundleWebSdk()`. */
  loadSdk: LoadSdk
}

/** A client that also tells what no other can: whether its own books close. */
export interface SdkClient extends Client {
  books: ClientBooks
  /** What should not be, in words; asked when it is idle. */
  problems(): string[]
}

/** Creates it. */
export function createWebClient(options: WebClientOptions): SdkClient {
  const books = openBooks(options.name)
  const acknowledged: string[] = []
  const bad: string[] = []
  let browser: Browser | undefined
  let visitor: Visitor | undefined

  function start(world: World): void {
    const random = world.random.fork(options.name)
    const kind = drawKind(random)
    const machines = createMachines(world, random, options.name)
    browser = createBrowser({
      ...kind,
      ...machines,
      random: random.next,
      later: (run, ms) => void world.clock.setTimeout(run, Math.floor(ms)),
      loadSdk: options.loadSdk,
      refusal: drawRefusal(world, random),
      onSaved: (key, texts) => {
        for (const event of eventsOf(books, key, texts.length)) event.isSaved = true
      },
      onDiscard: (key) => visitor?.noteDiscard(key),
    })
    visitor = createVisitor({
      browser,
      books,
      random,
      sdk: { writeKey: options.writeKey, endpoint: options.endpoint, ...drawSettings(random) },
      clock: world.clock,
      eventCount: options.events,
      crashes: () => world.faultsOn(),
      onAcknowledged: ({ stream, seq }) => acknowledged.push(`${stream}-${seq}`),
      onBad: (event) => bad.push(event.mark),
    })
    visitor.start()
  }

  return {
    name: options.name,
    source: options.source,
    books,
    start,
    finish: () => visitor?.finish(),
    isIdle: () => (visitor?.isSettled() ?? false) && isAllSettled(books, browser?.kept() ?? new Map()),
    sent: (): ClientLedger => ledgerOf(books, acknowledged, bad),
    problems: () => findVanished(books, browser?.kept() ?? new Map()),
  }
}

function drawKind(
  random: Random,
): Pick<BrowserOptions, 'hasKeepalive' | 'hasCompression' | 'hasLocks' | 'isStorageRefused'> {
  return {
    hasKeepalive: random.chance(0.8),
    hasCompression: random.chance(0.5),
    hasLocks: random.chance(0.85),
    isStorageRefused: random.chance(0.05),
  }
}

/** A browser that refuses IndexedDB does so for ever, or now and then as long as there are faults. */
function drawRefusal({ faultsOn }: World, random: Random): () => Refusal {
  const drawn = random.next()
  if (drawn < 0.04) return () => 'open'
  if (drawn < 0.08) return () => (faultsOn() && random.chance(0.3) ? 'write' : 'none')
  return () => 'none'
}

function drawSettings(random: Random) {
  if (random.chance(0.6)) return {}
  return {
    flushAt: random.pick([1, 5, 50]),
    flushIntervalMs: random.pick([1, 250, 5_000]),
    ...(random.chance(0.2) ? { maxOutboxBytes: 20_000 } : {}),
  }
}

function createMachines(
  world: World,
  random: Random,
  name: string,
): Pick<BrowserOptions, 'own' | 'openMachine'> {
  const address = `203.0.113.${random.integer(1, 254)}`
  const skewMs = createSkew(world, random)
  const live = (process: SimProcess): Machine => createMachine({ world, process, random, address, skewMs })
  let own: Machine | undefined
  let pageCount = 0
  return {
    openMachine: () => live(world.spawn(`${name} page ${++pageCount}`)),
    own() {
      if (own === undefined || own.process.isDead()) own = live(world.spawn(`${name} browser`))
      return own
    },
  }
}

/** What is settled and still there was to be removed as its page died: it is sent once more one day, and known by its number. */
function isAllSettled(books: ClientBooks, kept: ReadonlyMap<string, readonly string[]>): boolean {
  return [...kept].every(([key, texts]) => eventsOf(books, key, texts.length).every(isSettled))
}

const isSettled = ({ fate }: ClientEvent) => fate === 'acknowledged' || fate === 'dropped'

/** What was on the disk and is neither there nor settled: the SDK lost it, and no crash is an excuse. */
function findVanished(books: ClientBooks, kept: ReadonlyMap<string, readonly string[]>): string[] {
  const there = new Set([...kept].flatMap(([key, texts]) => eventsOf(books, key, texts.length)))
  return books.events
    .filter((event) => event.isSaved && !there.has(event) && !isSettled(event))
    .map(({ mark, stream, seq, fate }) => `${mark} (${stream}-${seq}) was saved, and is gone: ${fate}`)
}
