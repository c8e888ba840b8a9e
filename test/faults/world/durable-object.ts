/**
 * A namespace of Durable Objects over SQLite as it is documented: one instance a name, calls that answer only when what was
 * written before is durable (output gate), writes that a crash loses while they are not, alarms at least once, `abort`, eviction.
 */

import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { SimProcess, World } from './world.ts'

/** The class of the objects, as the platform sees it. */
export type ObjectClass = new (
  ctx: never,
  env: never,
) => { alarm?: () => Promise<void>; fetch?: (request: Request) => Promise<Response> }

/** A namespace of a world. */
export interface SimNamespace {
  /** Calls a method, as a stub does. Without a process nothing fails and no time passes. */
  call: <T>(
    process: SimProcess | undefined,
    name: string,
    method: string,
    args: readonly unknown[],
  ) => Promise<T>
  /** Kills the instance of a name, as an eviction or a deploy does; `undefined`: all. */
  reset: (name: string | undefined, why: string) => void
  names: () => string[]
  /** Rows that are in storage, for the checks. */
  query: (name: string, statement: string) => Record<string, unknown>[]
}

/** What a namespace works with. */
export interface NamespaceEffects {
  world: World
  name: string
  load: ObjectClass
  /** The bindings of an instance. */
  envFor: (process: SimProcess) => object
  /** How long a write takes until it is durable, in milliseconds. */
  flushMs: readonly [min: number, max: number]
  skewMs: () => number
}

/** First wait before an alarm that failed comes again. Source: Durable Objects, Alarms: retried with backoff from 2 seconds. */
const ALARM_RETRY_MS = 2_000

interface Stored {
  readonly name: string
  readonly db: DatabaseSync
  /** Whether a transaction is open with writes that are not durable yet. */
  isOpen: boolean
  alarmAt: number | undefined
  durableAlarmAt: number | undefined
  /** Those who wait for the writes so far. */
  waiting: (() => void)[]
  crashes: number
  instance: Instance | undefined
  lives: number
  alarmTries: number
}

interface Instance {
  process: SimProcess
  object: Record<string, (...args: unknown[]) => unknown>
}

/** An empty namespace. */
export function createNamespace(effects: NamespaceEffects): SimNamespace {
  const { world } = effects
  const { clock, random } = world
  const stores = new Map<string, Stored>()

  const storeOf = (name: string): Stored => {
    const known = stores.get(name)
    if (known !== undefined) return known
    const stored: Stored = {
      ...{
        name,
        db: new DatabaseSync(':memory:'),
        isOpen: false,
        alarmAt: undefined,
        durableAlarmAt: undefined,
      },
      ...{ waiting: [], crashes: 0, instance: undefined, lives: 0, alarmTries: 0 },
    }
    stores.set(name, stored)
    return stored
  }

  /** Before a write: from here on a crash takes back what is not flushed. */
  const touch = (stored: Stored) => {
    if (stored.isOpen) return
    stored.isOpen = true
    stored.db.exec('BEGIN')
    const { crashes } = stored
    clock.setTimeout(
      () => {
        if (stored.crashes === crashes) flush(stored)
      },
      random.integer(...effects.flushMs),
    )
  }
  const flush = (stored: Stored) => {
    if (stored.isOpen) {
      stored.db.exec('COMMIT')
      stored.isOpen = false
    }
    stored.durableAlarmAt = stored.alarmAt
    planAlarm(stored)
    for (const tell of stored.waiting.splice(0)) tell()
  }
  /** After a crash: what was on its way to the disk may have come there, all of it or nothing. */
  const settleCrash = (stored: Stored) => {
    stored.instance = undefined
    stored.crashes += 1
    stored.waiting = []
    if (stored.isOpen) {
      const isDurable = world.faultsOn() && random.chance(0.5)
      stored.db.exec(isDurable ? 'COMMIT' : 'ROLLBACK')
      stored.isOpen = false
      world.trace(`${stored.name}: writes in flight are ${isDurable ? 'durable' : 'lost'}`)
      if (isDurable) stored.durableAlarmAt = stored.alarmAt
    }
    stored.alarmAt = stored.durableAlarmAt
    planAlarm(stored)
  }

  const plans = new WeakMap<Stored, number>()
  const planAlarm = (stored: Stored) => {
    const at = stored.durableAlarmAt
    if (at === undefined || plans.get(stored) === at) return
    plans.set(stored, at)
    clock.setTimeout(
      () => {
        if (plans.get(stored) !== at) return
        plans.delete(stored)
        if (stored.durableAlarmAt === at) void ring(stored, at)
      },
      at - effects.skewMs() - clock.now(),
    )
  }
  const ring = async (stored: Stored, at: number) => {
    const { object, process } = wake(stored)
    stored.alarmAt = undefined
    let isDone = false
    const again = () => {
      if (isDone) return
      isDone = true
      // It did not end well, so it comes again, unless the object has set another one.
      if (stored.alarmAt !== undefined && stored.alarmAt !== at) return
      const wait = ALARM_RETRY_MS * 2 ** Math.min(stored.alarmTries++, 6)
      stored.alarmAt = stored.durableAlarmAt = clock.now() + effects.skewMs() + wait
      planAlarm(stored)
    }
    process.onCrash(() => queueMicrotask(again))
    try {
      await object['alarm']?.()
      if (isDone || process.isDead()) return
      isDone = true
      stored.alarmTries = 0
      touch(stored)
    } catch (error) {
      world.trace(`${stored.name}: the alarm failed: ${String(error)}`)
      again()
    }
  }

  const wake = (stored: Stored): Instance => {
    if (stored.instance !== undefined) return stored.instance
    const process = world.spawn(`${effects.name} ${stored.name}#${++stored.lives}`)
    // Before the constructor, which writes.
    const instance = { process, object: {} } as Instance
    stored.instance = instance
    process.onCrash(() => settleCrash(stored))
    try {
      const ctx = createState(stored, process)
      const object = new effects.load(ctx as never, effects.envFor(process) as never)
      instance.object = object as unknown as Instance['object']
    } catch (error) {
      process.crash(`in its constructor: ${String(error)}`)
      throw error
    }
    return instance
  }

  const createState = (stored: Stored, process: SimProcess) => {
    const statements = new Map<string, ReturnType<DatabaseSync['prepare']>>()
    const guard = () => {
      if (process.isDead()) throw new Error('the object is gone')
    }
    const exec = (statement: string, ...bindings: unknown[]) => {
      guard()
      const isRead = /^\s*SELECT/i.test(statement)
      if (!isRead) touch(stored)
      let prepared = statements.get(statement)
      if (prepared === undefined) {
        prepared = stored.db.prepare(statement)
        statements.set(statement, prepared)
      }
      const values = bindings.map((value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value))
      if (!isRead) {
        const { changes } = prepared.run(...(values as SQLInputValue[]))
        return cursor([], Number(changes))
      }
      return cursor(prepared.all(...(values as SQLInputValue[])).map(toBuffers), 0)
    }
    return {
      id: { name: stored.name, toString: () => stored.name },
      waitUntil: (work: Promise<unknown>) => void work.catch(() => {}),
      abort: (why?: string) => {
        process.crash(`by abort: ${why}`)
      },
      getWebSockets: () => [],
      acceptWebSocket: () => {},
      setWebSocketAutoResponse: () => {},
      blockConcurrencyWhile: (act: () => Promise<unknown>) => act(),
      storage: {
        sql: { exec, databaseSize: 0 },
        transactionSync<T>(act: () => T): T {
          guard()
          touch(stored)
          stored.db.exec('SAVEPOINT one')
          try {
            const value = act()
            stored.db.exec('RELEASE one')
            return value
          } catch (error) {
            stored.db.exec('ROLLBACK TO one')
            stored.db.exec('RELEASE one')
            throw error
          }
        },
        async setAlarm(at: number | Date) {
          guard()
          touch(stored)
          stored.alarmAt = Number(at)
        },
        async getAlarm() {
          return stored.alarmAt ?? null
        },
        async deleteAlarm() {
          guard()
          touch(stored)
          stored.alarmAt = undefined
        },
      },
    }
  }

  /** Calls the object, and waits until what it has written is durable. */
  const visit = <T>(stored: Stored, method: string, args: readonly unknown[]) =>
    new Promise<T>((resolve, reject) => {
      const { object, process } = wake(stored)
      let isOver = false
      process.onCrash(() => {
        if (isOver) return
        isOver = true
        reject(objectError('the Durable Object was reset', { retryable: true }))
      })
      const release = (settle: () => void) => {
        const tell = () => {
          if (isOver) return
          isOver = true
          settle()
        }
        if (stored.isOpen) stored.waiting.push(tell)
        else tell()
      }
      const run = async () => object[method]?.(...args)
      run().then(
        (value) => release(() => resolve(value as T)),
        (error: unknown) => release(() => reject(error)),
      )
    })

  return {
    async call(process, name, method, args) {
      const stored = storeOf(name)
      if (process === undefined) return visit(stored, method, args)
      return process.gate(`${effects.name}.${method} ${name}`, async () => {
        await clock.sleep(random.integer(1, 15))
        const fault = world.faultsOn() ? random.next() : 0.5
        const { failure, failureLanded, hang, crash } = world.faults
        if (fault < failure) {
          const overloaded = random.chance(0.5)
          world.injected(overloaded ? 'object overloaded' : 'object unreachable', name)
          throw objectError(
            'cannot reach the Durable Object',
            overloaded ? { overloaded } : { retryable: true },
          )
        }
        if (fault < failure + hang) {
          world.injected('object hang', name)
          await clock.sleep(random.integer(30_000, 600_000))
        }
        if (fault > 1 - crash) {
          // While the call is under way: before it answers, and maybe before its writes are durable.
          clock.setTimeout(
            () => {
              world.injected('object crash', name)
              stored.instance?.process.crash('at a call')
            },
            random.integer(0, 12),
          )
        }
        const value = await visit(stored, method, args)
        await clock.sleep(random.integer(1, 15))
        if (fault > 1 - crash - failureLanded && world.faultsOn()) {
          world.injected('object answer lost', name)
          throw objectError('the connection to the Durable Object was lost', { retryable: true })
        }
        return value as never
      })
    },
    reset(name, why) {
      for (const stored of stores.values()) {
        if (name === undefined || stored.name === name) stored.instance?.process.crash(why)
      }
    },
    names: () => [...stores.keys()],
    query: (name, statement) => storeOf(name).db.prepare(statement).all() as Record<string, unknown>[],
  }
}

function cursor(rows: Record<string, unknown>[], rowsWritten: number) {
  return { toArray: () => rows, rowsWritten, [Symbol.iterator]: () => rows[Symbol.iterator]() }
}

/** SQLite of the platform gives blobs as `ArrayBuffer`. */
function toBuffers(row: object): Record<string, unknown> {
  const read = row as Record<string, unknown>
  for (const [name, value] of Object.entries(read)) {
    if (value instanceof Uint8Array) read[name] = value.slice().buffer
  }
  return read
}

/** Source: Durable Objects, Error handling. */
function objectError(message: string, more: { retryable?: boolean; overloaded?: boolean }): Error {
  return Object.assign(new Error(message), more)
}
