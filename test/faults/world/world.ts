/** What everybody in a simulated world builds on: chance, time, processes that may die, and the way to the edge. Types only. */

import type { Random } from './random.ts'

/** Stops a timer of {@link WorldClock.setTimeout}. */
export type TimerHandle = { readonly id: number }

/** Virtual time. It moves only when nothing that is under way can go on without it. */
export interface WorldClock {
  /** True time, milliseconds since 1970. No process sees another but by its skew. */
  now: () => number
  /** Runs once true time has moved by so many milliseconds; of several at the same moment the first that was asked for. */
  setTimeout: (run: () => void, ms: number) => TimerHandle
  clearTimeout: (handle: TimerHandle | undefined) => void
  /** Resolves after so many milliseconds. */
  sleep: (ms: number) => Promise<void>
  /** A clock that is ahead of the true one by so many milliseconds; a function is asked each time, so that it may jump. */
  skewed: (ms: number | (() => number)) => () => number
}

/** One life of something that can crash: an isolate, an invocation, an object, a page. Another life is another process. */
export interface SimProcess {
  readonly name: string
  /** Runs the main function of the process; what it rejects with is returned, and a process that is dead never settles. */
  run: <T>(main: () => Promise<T>) => Promise<T>
  /** Ends it at once: nothing that it awaits settles any more, and no later effect of it happens. */
  crash: (why: string) => void
  isDead: () => boolean
  /** Called once, when it crashes. */
  onCrash: (act: () => void) => void
  /**
   * The only way an effect leaves the process. Takes part in crashes: before the effect (it never happens) or after it (it
   * happened, and nobody in the process hears of it). Of a dead process it never settles and does nothing.
   *
   * @param effect what it is, for the trace: `queue.send`
   */
  gate: <T>(effect: string, act: () => T | Promise<T>) => Promise<T>
}

/** How likely what is, from 0 to 1, while faults are on; and how long what lasts. */
export interface FaultConfig {
  /** A process crashes at an effect. */
  crash: number
  /** A request never reaches the edge. */
  requestLost: number
  /** The edge did its work, and the answer never reaches the client. */
  answerLost: number
  /** A request or an answer hangs until somebody gives it up, and may arrive after that. */
  networkHang: number
  /** A queue message is delivered once more although it was acknowledged. */
  duplicateDelivery: number
  /** A call to queue, bucket, warehouse or object fails with an error, and did nothing. */
  failure: number
  /** The same, and it did its work. */
  failureLanded: number
  /** A call hangs, and lands or not. */
  hang: number
  /** Outages of a whole service: how many begin an hour, and how long they last in milliseconds. */
  outagesAnHour: number
  outageMs: readonly [min: number, max: number]
  /** The clock of a server jumps, at most so far in milliseconds; times an hour. */
  clockJumpsAnHour: number
  clockJumpMs: number
}

/** Kinds of what was injected, counted for the report. */
export type FaultCounts = Record<string, number>

/** A seeded world with a whole Millrace in it. */
export interface World {
  readonly seed: number
  /** Chance of the world; whoever makes many choices takes a `fork` of it, so that others' do not shift. */
  readonly random: Random
  readonly clock: WorldClock
  readonly faults: FaultConfig
  /** Whether faults still happen; after `quiesce` nothing fails any more. */
  faultsOn: () => boolean
  /** Counts a fault that was injected, and traces it. */
  injected: (kind: string, detail?: string) => void
  spawn: (name: string) => SimProcess
  /**
   * `fetch` as a client at this address has it: by the network of the world, with its faults, to a collector isolate. It
   * takes an absolute address of any host, rejects with a `TypeError` when the network fails, and honours `signal`.
   */
  fetchFor: (process: SimProcess, clientAddress: string) => typeof fetch
  /** One line of the schedule. */
  trace: (line: string) => void
}

/** What is known of a stream that a client numbers. */
export interface StreamLedger {
  stream: string
  /** The highest number that was given out. */
  highest: number
  /** Numbers that were given out and really lost on the client's side: none of them was ever acknowledged. */
  lost: readonly number[]
}

/** What a client knows in the end. Everything is by `messageId`. */
export interface ClientLedger {
  /** Ids of events of batches that were answered with 2xx, in the order of the answers; a repeated one only once. */
  acknowledged: readonly string[]
  /** Ids of acknowledged events that are to be refused as bad data, so that they are in the quarantine. */
  bad?: readonly string[]
  /** How many events were made. */
  made: number
  /** Ids of events that the client gave up, and may say so. */
  dropped: readonly string[]
  /** Streams, where it numbers. */
  streams?: readonly StreamLedger[]
}

/** Somebody who sends events. */
export interface Client {
  readonly name: string
  /** Source that its write key is of. */
  readonly source: string
  /** Starts it; what it does later it does by timers of the world. */
  start: (world: World) => void
  /** Faults are over: makes no new events, and sends what it still has. */
  finish: () => void
  /** Whether nothing is waiting to be sent any more. Asked after {@link Client.finish}. */
  isIdle: () => boolean
  sent: () => ClientLedger
  /** What should not be in the client's own books, in words; asked when it is idle. */
  problems?: () => string[]
  /** What its requests say that it dropped. */
  declared?: () => DeclaredDrops
}

/** Counts of `context.dropped` by the event that says it and the reason: `<messageId> <reason>`. */
export interface DeclaredDrops {
  /** Of all requests. */
  sent: ReadonlyMap<string, number>
  /** Keys of those whose request was acknowledged. */
  acknowledged: ReadonlySet<string>
}
