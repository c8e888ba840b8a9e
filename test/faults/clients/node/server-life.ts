/** One life of a server process with the real Node SDK in it, in memory or over a spool. */

import { EventEmitter } from 'node:events'
import { gzipSync } from 'node:zlib'
import { createClient } from '../../../../sdk-node/src/client.ts'
import type { MillraceOptions } from '../../../../sdk-node/src/client-options.ts'
import type { Done } from '../../../../sdk-node/src/news.ts'
import type { Platform } from '../../../../sdk-node/src/platform.ts'
import { openSpool } from '../../../../sdk-node/src/spool/open-spool.ts'
import type { Millrace } from '../../../../sdk-node/src/types.ts'
import type { ClientBooks, ClientEvent } from '../books.ts'
import { drawId, type Machine } from '../machine.ts'
import type { Disk } from './disk.ts'
import { createEar } from './heard.ts'
import { marksOn } from './saved-events.ts'

/** The spool of a host, which processes share. */
export interface SharedSpool {
  disk: Disk
  fsync: 'always' | 'interval' | 'never'
  maxQueueBytes: number
  /** Process ids that run. */
  running: Set<number>
  /** Asked at each call to the disk: whether it fails. May end the process. */
  fails: (machine: Machine, name: string) => boolean
}

/** Options of {@link startServer}. */
export interface ServerOptions {
  machine: Machine
  books: ClientBooks
  pid: number
  sdk: MillraceOptions
  spool: SharedSpool | undefined
  onAcknowledged: (event: ClientEvent) => void
}

/** A process that runs. */
export interface Server {
  machine: Machine
  client: Millrace
  /** Makes a call that records an event. */
  call(make: (client: Millrace, mark: string, done: Done) => boolean): void
  /** The process ends by itself, after `close()` or by `process.exit()`. */
  exit(): void
  signal(name: 'SIGTERM' | 'beforeExit'): void
  /** Events of this life that have not come to an end. */
  unsettled(): number
}

/** Longest that a process goes on which had run dry: its client may have closed, and what it has saved is for the next one. */
const DRY_MS = 60_000

/** Any folder; only this spool is on the disk. */
const DIRECTORY = '/spool'

/** Starts one. Ends when its machine's process does. */
export function startServer({ machine, books, pid, sdk, spool, onAcknowledged }: ServerOptions): Server {
  const events = new Set<ClientEvent>()
  const system = new EventEmitter()
  const ear = createEar({ books, fetch: machine.fetch as never, compress, onAcknowledged })
  let stream = ''
  let lastSeq = 0
  const client = createClient(
    {
      ...sdk,
      fetch: ear.fetch as never,
      now: machine.now,
      random: machine.random,
      randomId() {
        const id = drawId(machine.random, 24)
        // The first that is asked for.
        stream ||= id
        return id
      },
      setTimeout: (run, delayMs) => machine.setTimeout(run, delayMs),
      clearTimeout: machine.clearTimeout,
      process: Object.assign(system, { pid, kill: () => machine.process.crash('by a signal') }),
    },
    { gzip: ear.gzip, handleSignals: true, openSpool: spool && openOn(spool) },
  )
  client.on('error', () => {})
  client.on('receipt', () => {})

  /** A spool as `openSpoolFor` opens it, on the disk of the simulation. */
  function openOn({ disk, fsync, maxQueueBytes, running, fails }: SharedSpool): Platform['openSpool'] {
    running.add(pid)
    const { process, now, random } = machine
    const later = (run: () => void) => void machine.setTimeout(run, 0)
    return ({ onTrouble, onWork, timers, stream }) =>
      openSpool({
        ...{ directory: DIRECTORY, destination: 'one', stream, fsync, maxQueueBytes, timers, now, onWork },
        randomId: () => drawId(random, 24),
        defer: later,
        fs: disk.openFor({ now, later, isDead: process.isDead, fails: (name) => fails(machine, name) }),
        system: {
          pid,
          startedAt: pid,
          host: 'host',
          bootId: 'boot',
          isRunning: (other) => running.has(other),
        },
        onTrouble: (trouble) => queueMicrotask(() => void (process.isDead() || onTrouble(trouble))),
      })
  }

  /** What is on the disk by now is somebody else's to send; the rest died with this process. */
  function onEnd(): void {
    spool?.running.delete(pid)
    const saved = spool === undefined ? undefined : marksOn(spool.disk)
    for (const event of events) {
      if (saved?.has(event.mark) && event.fate === 'numbered') event.isSaved = true
      else if (event.fate === 'numbered' || event.fate === 'taken') books.settle(event, 'lost')
    }
    events.clear()
  }

  function exit(): void {
    system.emit('exit')
    machine.process.crash('it has ended')
  }

  machine.process.onCrash(onEnd)
  return {
    machine,
    client,
    call(make) {
      const event = books.take()
      events.add(event)
      const isAccepted = make(client, event.mark, (error) => {
        if (error !== undefined) books.settle(event, 'dropped', error.code)
        events.delete(event)
      })
      if (isAccepted) books.number(event, stream, ++lastSeq)
      // It may have ended at one of the calls to the disk.
      if (machine.process.isDead()) onEnd()
    },
    exit,
    signal(name) {
      system.emit(name)
      if (name === 'beforeExit') machine.setTimeout(exit, DRY_MS)
    },
    unsettled: () => events.size,
  }
}

function compress(text: string): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = gzipSync(text, { level: 1 })
  return (buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength)
}
