/** Monitors of a source on the SQLite of a real Durable Object that is thrown out of memory, with windows of our own. */

import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { LiveWindow, MonitorDefinition } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import type { MonitorResult } from '../monitors/result.ts'
import { createMonitoring, type Monitoring, type MonitorReport } from './monitoring.ts'

const MINUTE = 60_000
const STEP = 10_000
const T = Date.parse('2026-11-22T10:00:00Z')

const nobody: MonitorDefinition = {
  ...{ name: 'nobody', kind: 'threshold', window: 'active', measure: 'visitors' },
  ...{ below: 1, forWindows: 6 },
}
const spender: MonitorDefinition = {
  ...{ name: 'spender', kind: 'per_key', key: 'user_id' },
  ...{ measure: 'count', window: '24h', above: 1 },
}
const drop: MonitorDefinition = { name: 'drop', kind: 'drop', where: [] }

const TABLES = ['monitor_states', 'monitor_keys', 'monitor_outbox', 'monitor_undelivered']

const settingsOf = (monitors: MonitorDefinition[], url = 'https://ops.example/') =>
  JSON.stringify({ monitors, webhooks: [{ name: 'ops', url, secretVar: 'OPS_SECRET' }] })

interface Stage {
  clock: { now: number }
  /** Ends of windows that somebody was in, and the watermark: that of the object, which may be one that was saved long ago. */
  live: { ends: number[]; watermark: number; groups: Record<string, number> }
  /** Monitors, keys and types of what was sent, in order, and where to. */
  sent: string[]
  urls: string[]
  /** Answers in order; after them all is taken. */
  answers: (() => Promise<Response>)[]
  /** All that the monitors have written, as one text. */
  stored: () => string
  start: () => Monitoring
}

let count = 0

async function withObject(story: (stage: Stage) => unknown): Promise<void> {
  const stub = env.LIVE.get(env.LIVE.idFromName(`monitoring ${++count}`))
  await runInDurableObject(stub, async (_instance, { storage }) => {
    const clock = { now: T }
    const live: Stage['live'] = { ends: [], watermark: T, groups: {} }
    const [sent, urls]: [string[], string[]] = [[], []]
    const answers: Stage['answers'] = []
    const start = () =>
      createMonitoring({
        source: 'shop',
        sql: {
          exec: (query, ...bindings) => {
            const found = storage.sql.exec(query, ...bindings).toArray()
            return { toArray: () => found }
          },
        },
        windowsOf: (name) => ({
          windows: live.ends.map((end) => windowOf(name, end, live.groups)),
          ...{ watermark: live.watermark, since: 0, floor: 0 },
          ...(name === 'hourly'
            ? { everyMs: 60 * MINUTE, sizeMs: 60 * MINUTE }
            : { everyMs: STEP, sizeMs: STEP }),
        }),
        transaction: (act) => storage.transactionSync(act),
        now: () => clock.now,
        async fetch(url, init) {
          const { type, data } = JSON.parse(String(init?.body))
          sent.push(`${data.monitor} ${data.key ?? ''} ${type.slice(8)}`)
          urls.push(String(url))
          return (await answers.shift()?.()) ?? new Response()
        },
        secret: () => 'a secret',
        random: () => 1,
        log: () => {},
      })
    const stored = () =>
      JSON.stringify(TABLES.map((table) => storage.sql.exec(`SELECT * FROM ${table}`).toArray()))
    await story({ clock, live, sent, urls, answers, stored, start })
  })
}

function windowOf(name: string, end: number, groups: Record<string, number>): LiveWindow {
  const told = Object.entries(groups).map(([key, visitors]) => ({
    key: [key],
    events: visitors,
    values: { visitors },
  }))
  return {
    ...{ name, start: end - STEP, end, state: 'final', version: 1, events: 1 },
    groups: told.length > 0 ? told : [{ key: [], events: 1, values: { visitors: 1 } }],
  }
}

const resultOf = (
  { name, kind }: MonitorDefinition,
  state: 'ok' | 'firing',
  at: number,
  keys: string[] = [],
): MonitorResult => ({
  ...{ name, kind, state, at, source: 'shop', message: `it is ${state}`, value: 1 },
  keys: keys.map((key) => ({ key, message: `${key} has 2`, value: 2 })),
})

const report = (results: MonitorResult[], ...monitors: MonitorDefinition[]): MonitorReport => ({
  settings: settingsOf(monitors),
  results,
})

describe('an object that was thrown out of memory', () => {
  it('tells nothing again though its watermark is older than what it judged', () =>
    withObject(async ({ start, live, clock, sent }) => {
      live.ends = [T - STEP, T]
      start().report(report([], nobody))
      // Loaded by the cron every minute, with what was saved when somebody last came.
      for (let minute = 2; minute <= 6; minute++) {
        live.watermark = T
        const monitoring = start()
        clock.now = T + minute * MINUTE
        live.watermark = clock.now - 45_000
        monitoring.judge()
        monitoring.report(report([], nobody))
        await monitoring.deliverDue()
      }
      expect(sent).toEqual(['nobody  firing'])
      expect(start().statuses()).toMatchObject([{ state: 'firing', since: T + MINUTE }])
    }))
})

describe('a threshold that is defined otherwise', () => {
  it('is judged by its windows, though the last of them ended before what was judged until then', () =>
    withObject(({ start, live }) => {
      Object.assign(live, { ends: [T], watermark: T + 75_000 })
      const monitoring = start()
      monitoring.report(report([], { ...nobody, forWindows: 30 }))
      expect(monitoring.statuses()).toMatchObject([{ state: 'ok', since: T + 70_000 }])
      const hourly: MonitorDefinition = { ...nobody, window: 'hourly', below: 2, forWindows: 1 }
      monitoring.report(report([], hourly))
      expect(monitoring.statuses()).toMatchObject([{ state: 'firing', since: T }])
    }))
})

describe('a configuration that changed', () => {
  it('is what is delivered by, one after the other, also while a request of the one before is under way', () =>
    withObject(async ({ start, clock, sent, urls, answers }) => {
      const opened = Promise.withResolvers<Response>()
      answers.push(() => opened.promise)
      const monitoring = start()
      monitoring.report(report([resultOf(drop, 'firing', T)], drop))
      const deliver = async () => {
        const next = monitoring.deliverDue()
        clock.now += 2_000
        return next
      }
      expect(await deliver()).toBe(clock.now + 10_000)
      const moved = settingsOf([drop], 'https://moved.example/')
      monitoring.report({ settings: moved, results: [resultOf(drop, 'ok', T + 1)] })
      expect(await deliver()).toBe(clock.now + 10_000)
      expect(sent).toEqual(['drop  firing'])
      opened.resolve(new Response())
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(sent).toEqual(['drop  firing'])
      expect(await monitoring.deliverDue()).toBeUndefined()
      expect(sent).toEqual(['drop  firing', 'drop  recovered'])
      expect(urls).toEqual(['https://ops.example/', 'https://moved.example/'])
    }))
})

describe('a person who is forgotten', () => {
  it('is neither kept nor told any more', () =>
    withObject(async ({ start, sent, stored }) => {
      const monitoring = start()
      monitoring.report(report([resultOf(spender, 'firing', T, ['u1', 'u2'])], spender))
      expect(monitoring.keys()).toEqual({
        firing: { spender: ['u1', 'u2'] },
        waiting: { spender: ['u1', 'u2'] },
      })
      const results = [resultOf(spender, 'firing', T + MINUTE, ['u2'])]
      expect(monitoring.report({ ...report(results, spender), forgotten: { spender: ['u1'] } })).toBe(true)
      await monitoring.deliverDue()
      expect(sent).toEqual(['spender u2 firing'])
      expect(stored()).not.toContain('u1')
      expect(stored()).toContain('u2')
    }))

  it('who is a group of a window is not told again while that is held, nor that it recovered', () =>
    withObject(async ({ start, live, sent, stored }) => {
      const busy: MonitorDefinition = { ...nobody, below: undefined, above: 5, forWindows: 1 } as never
      Object.assign(live, { ends: [T], groups: { u1: 9, u2: 9 } })
      start().report(report([], busy))
      const monitoring = start()
      await monitoring.deliverDue()
      monitoring.report({ ...report([], busy), forgotten: { nobody: ['["u1"]'] } })
      expect(monitoring.statuses()[0]?.keys).toEqual(['u2'])
      expect(stored()).not.toContain('visitors of u1')
      const again = start()
      again.judge()
      live.watermark = T + STEP
      again.judge()
      await again.deliverDue()
      expect(sent).toEqual(['nobody ["u1"] firing', 'nobody ["u2"] firing', 'nobody ["u2"] recovered'])
      expect(stored()).not.toContain('u1')
    }))
})
