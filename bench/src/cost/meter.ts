/**
 * Runs inside workerd, around the Worker: counts what handlers and objects ask of the platform, by who asked. Knows what is
 * counted, not what it costs.
 */

import { queueUnits } from './queue-units.ts'
import { type Binding, type Method, patch, settle, spy } from './spies.ts'
import type { Tally } from './tally.ts'

/** What remembers who is at work over awaits: an `AsyncLocalStorage`. */
export interface RoleStore {
  run: <T>(role: string, work: () => T) => T
  getStore: () => string | undefined
}

/** What the meter works with. */
export interface MeterEffects {
  roles: RoleStore
  /** Milliseconds. */
  now: () => number
}

/** A message as the platform delivers it. */
interface Message {
  id: string
  body: unknown
  attempts: number
  timestamp: Date
  ack: () => void
  retry: (options?: unknown) => void
}

/** A meter of one isolate. */
export interface Meter {
  /** Everything so far. */
  read: () => Tally
  /** Does work as somebody, whose invocation it is. */
  invoke: <T>(role: string, work: () => T) => T
  /** The environment, whose queues, bucket and limits are counted; the same one for the same. */
  countEnv: (env: Binding) => Binding
  /** Hands a batch on, whose messages are counted as read, and as deleted unless they are retried. */
  countBatch: (
    batch: { queue: string; messages: readonly Message[] },
    handle: (batch: unknown) => unknown,
  ) => Promise<void>
  /** Takes a batch without handing it on: of no role that is billed. */
  skipBatch: (batch: { messages: readonly unknown[] }) => void
  /** A call of an object's method. `object` is what tells objects apart. */
  callObject: <T>(object: object, method: string, call: () => T) => T
  /** Counts rows, alarms and the work that outlives a call, of all objects of the class. */
  watchState: (state: Binding) => void
  /** Counts lines of the log. */
  watchConsole: (console: Binding) => void
}

/** Operations of R2 that write or list; reading ones are class B, and deleting is free. */
const CLASS_A = ['put', 'list', 'createMultipartUpload', 'uploadPart', 'complete']
const CLASS_B = ['get', 'head']

/** Creates one. */
export function createMeter({ roles, now }: MeterEffects): Meter {
  const tally: Tally = {}
  const envs = new WeakMap<object, Binding>()
  const cursors: { role: string; cursor: { rowsRead: number; rowsWritten: number } }[] = []
  const active = new Map<object, { calls: number; since: number }>()
  const watched = new WeakSet<object>()
  const role = () => roles.getStore() ?? 'object start'
  const add = (what: string, count = 1, who = role()) => {
    const key = `${who}|${what}`
    tally[key] = (tally[key] ?? 0) + count
  }
  /** A cursor knows its rows once it was read. */
  const settleCursors = () => {
    for (const { role: who, cursor } of cursors.splice(0)) {
      add('rows read', cursor.rowsRead, who)
      add('rows written', cursor.rowsWritten, who)
    }
  }
  const hold = (object: object) => {
    const known = active.get(object) ?? { calls: 0, since: now() }
    active.set(object, { ...known, calls: known.calls + 1 })
  }
  const release = (object: object, who: string) => {
    const { calls = 1, since = now() } = active.get(object) ?? {}
    if (calls > 1) active.set(object, { calls: calls - 1, since })
    else {
      active.delete(object)
      add('active ms', now() - since, who)
      settleCursors()
    }
  }
  const countWrites = (messages: readonly { body: string }[]) => {
    for (const { body } of messages) {
      const bytes = new TextEncoder().encode(body).length
      add('queue operations', queueUnits(bytes))
      add('messages written')
      add('message bytes', bytes)
    }
  }
  const countQueue = (queue: Binding) =>
    spy(queue, (method, args) => {
      if (method === 'send') countWrites([{ body: String(args[0]) }])
      if (method === 'sendBatch') countWrites(args[0] as { body: string }[])
    })
  const countBucket = (bucket: Binding): Binding =>
    spy(
      bucket,
      (method) => {
        if (CLASS_A.includes(method)) add('class A')
        if (CLASS_B.includes(method)) add('class B')
        if (CLASS_A.includes(method) || CLASS_B.includes(method)) add(`R2 ${method}`)
      },
      (method, answer) => (method === 'createMultipartUpload' ? countBucket(answer as Binding) : answer),
    )
  const makeEnv = (env: Binding): Binding => {
    const counted = { ...env }
    for (const [name, value] of Object.entries(env)) {
      const binding = value as Binding
      if (name.endsWith('_QUEUE')) counted[name] = countQueue(binding)
      if (name === 'LAKE') counted[name] = countBucket(binding)
      if (name.endsWith('_LIMIT')) counted[name] = spy(binding, () => add('rate limits'))
    }
    return counted
  }
  return {
    read() {
      settleCursors()
      return { ...tally }
    },
    invoke(who, work) {
      add('invocations', 1, who)
      return roles.run(who, work)
    },
    countEnv(env) {
      const known = envs.get(env) ?? makeEnv(env)
      envs.set(env, known)
      return known
    },
    async countBatch({ queue, messages }, handle) {
      const retried = new Set<Message>()
      const units = (message: Message) => queueUnits(new TextEncoder().encode(String(message.body)).length)
      const counted = messages.map((message) => {
        add('queue operations', units(message))
        add('messages read')
        const { id, body, attempts, timestamp } = message
        const retry = (options?: unknown) => {
          retried.add(message)
          message.retry(options)
        }
        return { id, body, attempts, timestamp, retry, ack: () => message.ack() }
      })
      await handle({ queue, messages: counted })
      for (const message of messages) {
        if (retried.has(message)) continue
        add('queue operations', units(message))
        add('messages done')
      }
    },
    skipBatch({ messages }) {
      add('messages done', messages.length, 'nobody')
    },
    callObject(object, method, call) {
      const who = `object ${method}`
      add('requests', 1, who)
      hold(object)
      return roles.run(who, () => settle(call, () => release(object, who)))
    },
    watchState(state) {
      const { storage } = state as { storage: unknown }
      patch((storage as Binding)['sql'] as Binding, watched, 'exec', (cursor) =>
        cursors.push({ role: role(), cursor: cursor as never }),
      )
      patch(storage as Binding, watched, 'setAlarm', () => add('alarms set'))
      patch(state, watched, 'waitUntil', (_, [promise], self) => {
        const who = role()
        hold(self)
        void Promise.resolve(promise).finally(() => release(self, who))
      })
    },
    watchConsole(console) {
      const log = console['log'] as Method
      console['log'] = (...args: unknown[]) => {
        add('log lines')
        add('log bytes', args.join(' ').length)
        log(...args)
      }
    },
  }
}
