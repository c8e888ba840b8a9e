/** All simulated clients: starts their processes, tells them what to do, and adds up what they say. */

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ByStream, ClientKind, Issued } from './books/compare.ts'
import { joinRanges, type Range } from './books/ranges.ts'
import type { ClientsOrder, Command, Report, Word } from './clients/wire.ts'
import { createHistogram, type HistogramCounts } from './histogram.ts'

/** Numbers since the beginning. */
export interface FleetTotals {
  /** Numbers given out. */
  sent: number
  acked: number
  /** Requests by status; 0 without an answer. */
  statuses: Record<number, number>
  /** Events given up before they had numbers, by reason. */
  unnumbered: Record<string, number>
}

/** Running clients. */
export interface Fleet {
  pids: Readonly<Record<ClientKind, readonly number[]>>
  totals: Readonly<FleetTotals>
  /** Events a second of all together. */
  setRate: (eventsPerSecond: number) => void
  /** Whether their network is there. */
  setOpen: (isOpen: boolean) => void
  /** Resolves when everything is known that happened until now. */
  sync: () => Promise<void>
  /** Resolves when no request is under way. */
  settleRequests: () => Promise<void>
  /** Times of answers since the last time. */
  takeAnswerTimes: () => HistogramCounts
  /** What the clients say of their streams. */
  issued: () => ByStream<Issued>
  /** Has all clients deliver what they have. Gives how many events they hold after so long. */
  finish: (timeoutMs: number) => Promise<number>
  /** Ends the processes. */
  stop: () => void
}

/** Options of {@link startFleet}. */
export interface FleetOptions {
  clients: number
  endpoint: string
  /** Folder for spools. */
  spoolPath: string
}

/** One in ten is a server, the others are visitors. Each kind tracks half of the events. */
const NODE_SHARE = 0.1

/** Processes of each kind. */
const PROCESSES = 2

const ENTRY = fileURLToPath(new URL('clients/process.ts', import.meta.url))

/** Starts them; they track nothing yet. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const children = planOrders(options).map((order) => startChild(order))
  const streams = new Map<string, Mutable>()
  const totals: FleetTotals = { sent: 0, acked: 0, statuses: {}, unnumbered: {} }
  const times = createHistogram()
  const openRequests = new Map<ChildProcess, number>()
  for (const { process: child, kind, onWord } of children) {
    onWord((word) => {
      if (word.kind !== 'report') return
      openRequests.set(child, word.openRequests)
      times.merge(word.answerTimes)
      addReport(streams, totals, word, kind)
    })
  }
  const sendAll = (command: Command) => {
    for (const { process: child } of children) child.send(command)
  }
  const sync = async () => {
    const asked = children.map(({ next }) => next((word) => word.kind === 'report' && word.isAsked))
    sendAll({ kind: 'report' })
    await Promise.all(asked)
  }
  const pidsOf = (kind: ClientKind) =>
    children.flatMap((child) => (child.kind === kind ? [child.process.pid ?? 0] : []))
  const stop = () => {
    for (const { process: child } of children) child.kill('SIGKILL')
  }
  await Promise.all(children.map(({ next }) => next(({ kind }) => kind === 'ready')))
  return {
    pids: { node: pidsOf('node'), browser: pidsOf('browser') },
    totals,
    setRate: (eventsPerSecond) =>
      sendAll({ kind: 'rate', eventsPerSecond: eventsPerSecond / children.length }),
    setOpen: (isOpen) => sendAll({ kind: 'gate', isOpen }),
    sync,
    async settleRequests() {
      do await sync()
      while ([...openRequests.values()].some((count) => count > 0) && (await pause(100)))
    },
    takeAnswerTimes: times.take,
    issued: () => new Map([...streams].map(([stream, of]) => [stream, join(of)])),
    async finish(timeoutMs) {
      const finished = children.map(({ next }) => next((word) => word.kind === 'finished'))
      sendAll({ kind: 'finish', timeoutMs })
      const words = await Promise.all(finished)
      return words.reduce((sum, word) => sum + (word.kind === 'finished' ? word.waiting : 0), 0)
    },
    stop,
  }
}

async function pause(ms: number): Promise<true> {
  await new Promise((resolve) => setTimeout(resolve, ms))
  return true
}

/** The processes, of both kinds. */
function planOrders({ clients, endpoint, spoolPath }: FleetOptions): ClientsOrder[] {
  const nodes = Math.max(PROCESSES, Math.round(clients * NODE_SHARE))
  const share = (kind: ClientKind, count: number): ClientsOrder[] =>
    Array.from({ length: PROCESSES }, (_, i) => {
      const firstIndex = Math.floor((count * i) / PROCESSES)
      const size = Math.floor((count * (i + 1)) / PROCESSES) - firstIndex
      return { kind, clients: size, endpoint, spoolPath, firstIndex }
    })
  return [...share('node', nodes), ...share('browser', clients - nodes)]
}

interface Child {
  process: ChildProcess
  kind: ClientKind
  onWord: (listener: (word: Word) => void) => void
  /** The next word of a kind; rejects when the process ends before. */
  next: (isWanted: (word: Word) => boolean) => Promise<Word>
}

function startChild(order: ClientsOrder): Child {
  const child = fork(ENTRY, [JSON.stringify(order)], { execArgv: ['--no-warnings'] })
  return {
    process: child,
    kind: order.kind,
    onWord: (listener) => void child.on('message', (word) => listener(word as Word)),
    next: (isWanted) =>
      new Promise((resolve, reject) => {
        const onExit = (code: number | null, signal: string | null) =>
          reject(new Error(`a process of ${order.kind} clients ended: ${signal ?? code}`))
        const onMessage = (word: unknown) => {
          if (!isWanted(word as Word)) return
          child.off('message', onMessage)
          child.off('exit', onExit)
          resolve(word as Word)
        }
        child.on('message', onMessage)
        child.once('exit', onExit)
      }),
  }
}

interface Mutable {
  client: ClientKind
  lastSeq: number
  acked: Range[]
  filtered: Range[]
  dropped: Range[]
}

function addReport(
  streams: Map<string, Mutable>,
  totals: FleetTotals,
  report: Report,
  client: ClientKind,
): void {
  const streamOf = (id: string): Mutable => {
    const known = streams.get(id)
    if (known !== undefined) return known
    const made: Mutable = { client, lastSeq: 0, acked: [], filtered: [], dropped: [] }
    streams.set(id, made)
    return made
  }
  for (const [id, lastSeq] of report.given) {
    const stream = streamOf(id)
    totals.sent += lastSeq - stream.lastSeq
    stream.lastSeq = lastSeq
  }
  for (const fate of ['acked', 'filtered', 'dropped'] as const) {
    for (const [id, first, last] of report[fate]) {
      streamOf(id)[fate].push([first, last])
      if (fate === 'acked') totals.acked += last - first + 1
    }
  }
  addCounts(totals.statuses, report.statuses)
  addCounts(totals.unnumbered, report.unnumbered)
}

function addCounts(totals: Record<string | number, number>, counts: Record<string | number, number>): void {
  for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count
}

function join({ acked, filtered, dropped, ...rest }: Mutable): Issued {
  return { ...rest, acked: joinRanges(acked), filtered: joinRanges(filtered), dropped: joinRanges(dropped) }
}
