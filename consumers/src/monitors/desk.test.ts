/** The desk on the SQLite of a real Durable Object, with a clock and receivers of our own. */

import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { MonitorDefinition, WebhookDefinition } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import { createMonitorDesk, type MonitorDesk } from './desk.ts'
import type { FiringKey, MonitorResult } from './result.ts'

const T = Date.parse('2026-11-22T10:00:00Z')
const MINUTE = 60_000

const OPS: WebhookDefinition = { name: 'ops', url: 'https://ops.example/hook', secretVar: 'OPS_SECRET' }
const TEAM: WebhookDefinition = { name: 'team', urlVar: 'TEAM_URL', secretVar: 'OPS_SECRET' }

const where = [{ field: 'event', op: 'is', value: 'a' }] as const
const drop: MonitorDefinition = { name: 'drop', title: 'A tag is broken', kind: 'drop', where }
const spender: MonitorDefinition = {
  name: 'spender',
  kind: 'per_key',
  key: 'user_id',
  measure: 'count',
  window: '24h',
  above: 1,
}

const limit: MonitorDefinition = { name: 'limit', kind: 'threshold', window: 'w', measure: 'count', above: 1 }

interface Request {
  url: string
  id: string | null
  timestamp: string | null
  type: string
  monitor: string
  key?: string
  body: string
}

interface Stage {
  desk: MonitorDesk
  sent: Request[]
  logged: Record<string, unknown>[]
  clock: { now: number }
  /** Answers in order, the last one again and again. */
  answers: (Response | Error | ((request: Request) => Response | Promise<Response>))[]
  /** Rows written since it was last asked. */
  written: () => number
  /** The same desk after the object was thrown out of memory. */
  restart: (more?: { monitors?: MonitorDefinition[]; webhooks?: WebhookDefinition[] }) => MonitorDesk
}

let count = 0

async function withDesk(
  story: (stage: Stage) => unknown,
  { monitors = [drop, spender], webhooks = [OPS] } = {},
): Promise<void> {
  const stub = env.LIVE.get(env.LIVE.idFromName(`desk ${++count}`))
  await runInDurableObject(stub, async (_instance, { storage }) => {
    const clock = { now: T }
    const [sent, logged]: [Request[], Record<string, unknown>[]] = [[], []]
    const answers: Stage['answers'] = [new Response(null, { status: 204 })]
    const secrets: Record<string, string> = {
      OPS_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      TEAM_URL: 'https://team.example/',
    }
    let rows = 0
    const effects = {
      sql: {
        exec: (query: string, ...bindings: (string | number | null)[]) => {
          const cursor = storage.sql.exec(query, ...bindings)
          const found = cursor.toArray()
          rows += cursor.rowsWritten
          return { toArray: () => found }
        },
      },
      now: () => clock.now,
      async fetch(url: RequestInfo | URL, init?: RequestInit) {
        const body = String(init?.body)
        const { type, data } = JSON.parse(body)
        const headers = new Headers(init?.headers)
        const request: Request = {
          url: String(url),
          id: headers.get('webhook-id'),
          timestamp: headers.get('webhook-timestamp'),
          type,
          monitor: data.monitor,
          ...(data.key === undefined ? {} : { key: data.key }),
          body,
        }
        sent.push(request)
        const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? new Error('no answer')
        if (answer instanceof Error) throw answer
        return typeof answer === 'function' ? answer(request) : answer.clone()
      },
      secret: (name: string) => secrets[name],
      random: () => 1,
      log: (record: Record<string, unknown>) => void logged.push(record),
      source: 'shop',
    }
    const restart: Stage['restart'] = (more = {}) =>
      createMonitorDesk({ ...effects, monitors, webhooks, ...more })
    const written = () => {
      const before = rows
      rows = 0
      return before
    }
    await story({ desk: restart(), sent, logged, clock, answers, written, restart })
  })
}

function resultOf(
  monitor: MonitorDefinition,
  state: MonitorResult['state'],
  at: number,
  keys: readonly string[] = [],
  more: Partial<MonitorResult> = {},
): MonitorResult {
  return {
    name: monitor.name,
    source: 'shop',
    kind: monitor.kind,
    state,
    at,
    message: `${monitor.name} is ${state}`,
    value: 3,
    keys: keys.map((key): FiringKey => ({ key, message: `${key} has 2`, value: 2 })),
    ...more,
  }
}

const told = (sent: readonly Request[]) =>
  sent.map(({ type, monitor, key = '' }) => `${monitor} ${key} ${type.slice(8)}`)

describe('report', () => {
  it('tells each transition once, whatever is reported again', () =>
    withDesk(async ({ desk, sent, clock }) => {
      expect(desk.report([resultOf(drop, 'ok', T)])).toBe(true)
      expect(desk.report([resultOf(drop, 'firing', T + 1)])).toBe(true)
      for (const at of [T + 1, T + 2, T + 3]) expect(desk.report([resultOf(drop, 'firing', at)])).toBe(false)
      clock.now = T + 4
      await desk.deliverDue()
      expect(told(sent)).toEqual(['drop  firing'])
      desk.report([resultOf(drop, 'ok', T + 5)])
      desk.report([resultOf(drop, 'ok', T + 5)])
      await desk.deliverDue()
      expect(told(sent)).toEqual(['drop  firing', 'drop  recovered'])
      expect(JSON.parse(sent[1]?.body ?? '')).toEqual({
        type: 'monitor.recovered',
        timestamp: new Date(T + 5).toISOString(),
        data: {
          monitor: 'drop',
          kind: 'drop',
          title: 'A tag is broken',
          source: 'shop',
          message: 'drop is ok',
          value: 3,
          since: new Date(T + 1).toISOString(),
        },
      })
      expect(new Set(sent.map(({ id }) => id)).size).toBe(2)
    }))

  it('tells each key once, and when it recovers', () =>
    withDesk(async ({ desk, sent }) => {
      const nasty = `o'brien "x" 😀`
      desk.report([resultOf(spender, 'firing', T, ['a', nasty])])
      desk.report([resultOf(spender, 'firing', T + 1, [nasty, 'c'])])
      expect(desk.statuses().find(({ name }) => name === 'spender')).toMatchObject({
        state: 'firing',
        since: T,
        keys: ['c', nasty],
      })
      desk.report([resultOf(spender, 'ok', T + 2)])
      await desk.deliverDue()
      expect(told(sent)).toEqual([
        'spender a firing',
        `spender ${nasty} firing`,
        'spender a recovered',
        'spender c firing',
        'spender c recovered',
        `spender ${nasty} recovered`,
      ])
      expect(JSON.parse(sent[2]?.body ?? '').data).toMatchObject({
        key: 'a',
        message: 'no longer: a has 2',
        value: null,
      })
    }))

  it('neither fires nor recovers by what is unknown, and says so in the status', () =>
    withDesk(async ({ desk, sent }) => {
      desk.report([resultOf(drop, 'firing', T)])
      expect(desk.report([resultOf(drop, 'unknown', T + MINUTE)])).toBe(true)
      expect(desk.report([resultOf(drop, 'unknown', T + 2 * MINUTE)])).toBe(false)
      expect(desk.statuses()[0]).toMatchObject({
        state: 'unknown',
        since: T + MINUTE,
        message: 'drop is unknown',
      })
      expect(desk.report([resultOf(drop, 'firing', T + 3 * MINUTE)])).toBe(true)
      expect(desk.statuses()[0]).toMatchObject({ state: 'firing', since: T })
      await desk.deliverDue()
      expect(told(sent)).toEqual(['drop  firing'])
    }))

  it('passes over what is late, of another source, or of no monitor', () =>
    withDesk(({ desk, restart }) => {
      desk.report([resultOf(drop, 'firing', T)])
      const late = resultOf(drop, 'ok', T - 1)
      expect(desk.report([late])).toBe(false)
      expect(restart().report([late])).toBe(false)
      expect(desk.report([{ ...resultOf(drop, 'ok', T + 1), source: 'blog' }])).toBe(false)
      expect(desk.report([{ ...resultOf(drop, 'ok', T + 1), name: 'other' }])).toBe(false)
      expect(desk.statuses()[0]?.state).toBe('firing')
    }))

  it('writes rows only when something changed', () =>
    withDesk(({ desk, written, restart }) => {
      desk.report([resultOf(drop, 'ok', T), resultOf(spender, 'ok', T)])
      written()
      for (let minute = 1; minute <= 10; minute++) {
        desk.report([
          resultOf(drop, 'ok', T + minute),
          resultOf(spender, minute < 5 ? 'ok' : 'unknown', T + minute),
        ])
      }
      restart().report([resultOf(drop, 'ok', T + 60)])
      expect(written()).toBe(0)
      desk.report([resultOf(drop, 'firing', T + 61)])
      // The state, the key and the notification.
      expect(written()).toBe(3)
    }))

  it('keeps a hundred keys and says how many more there are', () =>
    withDesk(({ desk }) => {
      const keys = Array.from({ length: 100 }, (_, index) => `u${index}`)
      desk.report([resultOf(spender, 'firing', T, keys, { more: 30 })])
      desk.report([resultOf(spender, 'firing', T + 1, ['new', ...keys.slice(0, 99)], { more: 30 })])
      const status = desk.statuses().find(({ name }) => name === 'spender')
      expect(status?.keys).toHaveLength(100)
      expect(status?.keys).not.toContain('new')
      expect(status?.more).toBe(30)
    }))
})

describe('a hundred and fifty keys', () => {
  const keys = Array.from({ length: 150 }, (_, index) => `u${String(index).padStart(3, '0')}`)

  it('are told in turn, a hundred at once: each that recovers makes room for another', () =>
    withDesk(async ({ desk, sent }) => {
      /** As the statement has it: what fired before comes first, then the highest. */
      const judge = (at: number, firing: readonly string[]) => {
        const known = desk.keys().firing['spender'] ?? []
        const sorted = [...firing].sort((a, b) => Number(known.includes(b)) - Number(known.includes(a)))
        const more = Math.max(0, firing.length - 100)
        const judged = more > 0 ? { more, judged: known } : {}
        desk.report([
          resultOf(spender, firing.length > 0 ? 'firing' : 'ok', at, sorted.slice(0, 100), judged),
        ])
      }
      const status = () => desk.statuses().find(({ name }) => name === 'spender')
      judge(T, keys)
      expect(status()).toMatchObject({ keys: keys.slice(0, 100), more: 50 })
      judge(T + MINUTE, keys.slice(30))
      expect(status()).toMatchObject({ keys: keys.slice(30, 130), more: 20 })
      judge(T + 2 * MINUTE, keys.slice(60))
      expect(status()?.keys).toEqual(keys.slice(60))
      expect(status()).not.toHaveProperty('more')
      judge(T + 3 * MINUTE, [])
      await desk.deliverDue()
      expect(told(sent).filter((one) => one.endsWith('firing'))).toEqual(
        keys.map((key) => `spender ${key} firing`),
      )
      expect(
        told(sent)
          .filter((one) => one.endsWith('recovered'))
          .toSorted(),
      ).toEqual(keys.map((key) => `spender ${key} recovered`))
    }))

  it('are all decided where they are groups of a window', () =>
    withDesk(
      ({ desk }) => {
        const groups = keys.map((key) => JSON.stringify([key, '']))
        desk.report([resultOf(limit, 'firing', T, groups)])
        expect(desk.statuses()[0]).toMatchObject({ more: 50 })
        desk.report([resultOf(limit, 'firing', T + 1, groups.slice(60))])
        expect(desk.statuses()[0]?.keys).toEqual(keys.slice(60).map((key) => `${key} / (none)`))
      },
      { monitors: [limit] },
    ))
})

describe('a monitor that the configuration has no more', () => {
  it('is forgotten without a word, and so is a webhook', () =>
    withDesk(async ({ desk, sent, restart }) => {
      desk.report([resultOf(drop, 'firing', T), resultOf(spender, 'firing', T, ['a'])])
      const without = restart({ monitors: [spender] })
      expect(without.statuses().map(({ name }) => name)).toEqual(['spender'])
      await without.deliverDue()
      expect(told(sent)).toEqual(['spender a firing'])
      expect(restart().statuses()[0]?.state).toBe('unknown')
      without.report([resultOf(spender, 'ok', T + 1)])
      expect(await restart({ webhooks: [] }).deliverDue()).toBeUndefined()
    }))

  it('is one that is not about this source any more', () =>
    withDesk(({ desk, restart }) => {
      desk.report([resultOf(drop, 'firing', T)])
      expect(restart({ monitors: [{ ...drop, sources: ['blog'] }] }).statuses()).toEqual([])
    }))
})

describe('statuses', () => {
  it('are kept over a restart, and unknown after a long silence', () =>
    withDesk(({ desk, restart, clock }) => {
      expect(desk.statuses().map(({ state }) => state)).toEqual(['unknown', 'unknown'])
      desk.report([resultOf(drop, 'ok', T), resultOf(spender, 'firing', T, ['a'])])
      clock.now = T + 5 * MINUTE
      const again = restart()
      expect(again.statuses()).toEqual([
        {
          name: 'drop',
          kind: 'drop',
          title: 'A tag is broken',
          state: 'ok',
          since: T,
          message: 'drop is ok',
          keys: [],
        },
        {
          name: 'spender',
          kind: 'per_key',
          title: 'spender',
          state: 'firing',
          since: T,
          message: 'spender is firing',
          keys: ['a'],
        },
      ])
      clock.now = T + 21 * MINUTE
      expect(again.statuses()).toMatchObject([
        { state: 'unknown', message: 'nothing was heard of it for 16 min' },
        { state: 'unknown', keys: ['a'] },
      ])
    }))
})

describe('a drift, which is judged every ten minutes', () => {
  it('is not unknown because the cron missed it once', () =>
    withDesk(
      ({ desk, clock }) => {
        const at = { ...resultOf(drop, 'ok', T), name: 'drift' }
        desk.report([at])
        clock.now = T + 20.5 * MINUTE
        expect(desk.statuses()[0]?.state).toBe('ok')
        clock.now = T + 26 * MINUTE
        expect(desk.statuses()[0]?.state).toBe('unknown')
      },
      { monitors: [{ name: 'drift', kind: 'drift', property: 'properties.plan', window: '24h' }] },
    ))
})

describe('deliverDue', () => {
  it('tells every webhook of the monitor', () =>
    withDesk(
      async ({ desk, sent }) => {
        desk.report([resultOf(drop, 'firing', T), resultOf(spender, 'firing', T, ['a'])])
        expect(await desk.deliverDue()).toBeUndefined()
        expect(sent.map(({ url, monitor }) => `${monitor} ${url}`).toSorted()).toEqual([
          'drop https://team.example/',
          'spender https://ops.example/hook',
          'spender https://team.example/',
        ])
      },
      { monitors: [{ ...drop, webhooks: ['team'] }, spender], webhooks: [OPS, TEAM] },
    ))

  it('tries again with growing delay under the same id, and says when to come', () =>
    withDesk(async ({ desk, sent, clock, answers, logged, restart }) => {
      answers.unshift(new Response('no', { status: 500 }), new Error('refused by https://ops.example/hook'))
      desk.report([resultOf(drop, 'firing', T)])
      expect(await desk.deliverDue()).toBe(T + 5_000)
      expect(await desk.deliverDue()).toBe(T + 5_000)
      expect(sent).toHaveLength(1)
      clock.now = T + 5_000
      expect(await restart().deliverDue()).toBe(T + 15_000)
      clock.now = T + 15_000
      expect(await desk.deliverDue()).toBeUndefined()
      expect(sent).toHaveLength(3)
      expect(new Set(sent.map(({ id }) => id)).size).toBe(1)
      expect(sent.map(({ timestamp }) => Number(timestamp) - T / 1_000)).toEqual([0, 5, 15])
      const failures = logged.filter(({ event }) => event === 'webhook_failed')
      expect(failures).toMatchObject([
        { webhook: 'ops', attempts: 1, error: 'status 500' },
        { webhook: 'ops', attempts: 2, error: 'Error: refused by its address' },
      ])
      expect(JSON.stringify(logged)).not.toContain('ops.example')
    }))

  it('takes a status for an answer whatever becomes of the rest of it', () =>
    withDesk(async ({ desk, sent, answers }) => {
      const cut = new ReadableStream({ start: (controller) => controller.error(new Error('cut off')) })
      answers[0] = () => new Response(cut)
      desk.report([resultOf(drop, 'firing', T)])
      expect(await desk.deliverDue()).toBeUndefined()
      expect(sent).toHaveLength(1)
    }))

  it('tells of a recovery only after the firing was told', () =>
    withDesk(async ({ desk, sent, clock, answers }) => {
      answers.unshift(new Response(null, { status: 503, headers: { 'retry-after': '60' } }))
      desk.report([resultOf(drop, 'firing', T), resultOf(spender, 'firing', T, ['a'])])
      desk.report([resultOf(drop, 'ok', T + 1)])
      expect(await desk.deliverDue()).toBe(T + MINUTE)
      expect(told(sent)).toEqual(['drop  firing', 'spender a firing'])
      clock.now = T + MINUTE
      expect(await desk.deliverDue()).toBeUndefined()
      expect(told(sent).slice(2)).toEqual(['drop  firing', 'drop  recovered'])
    }))

  it('does not follow a redirect, and gives up where the receiver is gone', () =>
    withDesk(async ({ desk, sent, clock, answers, logged }) => {
      answers.unshift(Response.redirect('https://elsewhere.example/'), new Response(null, { status: 410 }))
      desk.report([resultOf(drop, 'firing', T)])
      expect(await desk.deliverDue()).toBe(T + 5_000)
      clock.now = T + 5_000
      expect(await desk.deliverDue()).toBeUndefined()
      expect(sent.map(({ url }) => url)).toEqual(['https://ops.example/hook', 'https://ops.example/hook'])
      expect(desk.statuses()[0]?.undelivered).toEqual([
        { webhook: 'ops', at: T + 5_000, count: 1, error: 'status 410; the receiver says that it is gone' },
      ])
      expect(logged.at(-1)).toMatchObject({
        level: 'error',
        event: 'webhook_given_up',
        monitor: 'drop',
        attempts: 2,
      })
      desk.report([resultOf(drop, 'ok', T + 6_000)])
      await desk.deliverDue()
      expect(desk.statuses()[0]).not.toHaveProperty('undelivered')
    }))

  it('gives up after a day, and tells the recovery then', () =>
    withDesk(async ({ desk, sent, clock, answers }) => {
      answers[0] = (request) => new Response(null, { status: request.type === 'monitor.firing' ? 500 : 200 })
      desk.report([resultOf(drop, 'firing', T)])
      desk.report([resultOf(drop, 'ok', T + 1)])
      let tries = 0
      for (let at = await desk.deliverDue(); at !== undefined && tries < 100; at = await desk.deliverDue()) {
        clock.now = at
        tries++
      }
      expect(clock.now - T).toBeGreaterThan(22 * 60 * MINUTE)
      expect(clock.now - T).toBeLessThanOrEqual(24 * 60 * MINUTE)
      expect(told(sent).at(-1)).toBe('drop  recovered')
      expect(sent.length).toBeGreaterThan(30)
      expect(sent.length).toBeLessThan(50)
    }))

  it('sends nothing unsigned, and nothing to an address of a secret that is none', () =>
    withDesk(
      async ({ desk, sent, logged }) => {
        desk.report([resultOf(drop, 'firing', T)])
        expect(await desk.deliverDue()).toBe(T + 5_000)
        expect(sent).toEqual([])
        expect(
          logged
            .filter(({ event }) => event === 'webhook_failed')
            .map(({ error }) => error)
            .toSorted(),
        ).toEqual([
          'its address is neither https: of a public host nor of this machine',
          'the secret MISSING is not set',
          'the secret NO_URL is not set',
        ])
      },
      {
        monitors: [drop],
        webhooks: [
          { ...OPS, secretVar: 'MISSING' },
          { name: 'a', urlVar: 'NO_URL', secretVar: 'OPS_SECRET' },
          { name: 'b', urlVar: 'OPS_SECRET', secretVar: 'OPS_SECRET' },
        ],
      },
    ))

  it('sends nothing twice at once, a few requests at a time, and sends what comes meanwhile', () =>
    withDesk(
      async ({ desk, sent, answers }) => {
        let [open, most] = [0, 0]
        answers[0] = async () => {
          open++
          most = Math.max(most, open)
          await new Promise((resolve) => setTimeout(resolve, 5))
          open--
          return new Response()
        }
        const monitors = Array.from({ length: 8 }, (_, index) => ({ ...drop, name: `m${index}` }))
        desk.report(monitors.map((monitor) => resultOf(monitor, 'firing', T)))
        const [first, second] = [desk.deliverDue(), desk.deliverDue()]
        desk.report([resultOf(monitors[0] ?? drop, 'ok', T + 1)])
        expect(await Promise.all([first, second])).toEqual([undefined, undefined])
        expect(sent).toHaveLength(9)
        expect(most).toBe(2)
      },
      { monitors: Array.from({ length: 8 }, (_, index) => ({ ...drop, name: `m${index}` })) },
    ))

  it('does not wait for a receiver that hangs, and neither does another', () =>
    withDesk(
      async ({ desk, sent, clock, answers }) => {
        const opened = Promise.withResolvers<Response>()
        answers[0] = ({ url }) => {
          clock.now += 600
          return url === OPS.url ? opened.promise : new Response()
        }
        const hung = ['m0', 'm1', 'm2', 'm3']
        desk.report(hung.map((name) => resultOf({ ...drop, name }, 'firing', T)))
        const next = await desk.deliverDue()
        expect(next).toBe(clock.now + 10_000)
        expect(told(sent)).toEqual(['m0  firing', 'm1  firing'])
        desk.report([resultOf(spender, 'firing', T + 1, ['a', 'b'])])
        await desk.deliverDue()
        expect(told(sent).slice(2)).toEqual(['spender a firing', 'spender b firing'])
        answers[0] = new Response()
        opened.resolve(new Response())
        clock.now = next ?? 0
        expect(await desk.deliverDue()).toBeUndefined()
        expect(told(sent).slice(4).toSorted()).toEqual(['m2  firing', 'm3  firing'])
      },
      {
        monitors: [
          ...['m0', 'm1', 'm2', 'm3'].map((name) => ({ ...drop, name, webhooks: ['ops'] })),
          { ...spender, webhooks: ['team'] },
        ],
        webhooks: [OPS, TEAM],
      },
    ))

  it('keeps five hundred notifications a webhook at most', () =>
    withDesk(async ({ desk, clock, answers, logged, sent }) => {
      answers[0] = new Response(null, { status: 500 })
      for (let index = 0; index < 506; index++) {
        desk.report([resultOf(drop, index % 2 === 0 ? 'firing' : 'ok', T + index)])
      }
      const lost = logged.filter(({ event }) => event === 'webhook_given_up')
      expect(lost).toHaveLength(6)
      expect(desk.statuses()[0]?.undelivered).toMatchObject([
        { count: 6, error: 'too many notifications wait' },
      ])
      answers[0] = new Response()
      clock.now = T + 1_000
      for (let next: number | undefined = clock.now; next !== undefined; ) next = await desk.deliverDue()
      expect(sent).toHaveLength(500)
    }))
})
