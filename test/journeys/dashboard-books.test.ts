/** A client that loses seven known events: the books name exactly those, in the route, the command, the page and a monitor. */

import { sql } from '@millrace/schemas/sql'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRunStatement } from '../../collector/src/query/clickhouse.ts'
import { createAsk } from '../../collector/src/query/reader.ts'
import { createAsk as createMonitorAsk } from '../../consumers/src/monitors/ask.ts'
import { evaluateBooks, evaluateGaps } from '../../consumers/src/monitors/books.ts'
import { createStatements } from '../../consumers/src/statements.ts'
import { launchBrowser } from '../support/browser.ts'
import { runCommand } from '../support/command.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'
import { withWorkerBundle } from '../support/worker-bundle.ts'

const ENTRY = `export { default, LiveAggregator } from './worker.ts'`

const LOSSY = 'aaaa000011112222'
const DECLARED = 'bbbb000011112222'
const WHOLE = 'cccc000011112222'

interface BooksAnswer {
  totals: Record<string, number> & {
    closes: boolean | null
    quarantinedBy: object
    refusedRequests: Record<string, number>
    gaps: Record<string, number>
  }
  rows: unknown[][]
}

let stack: TestStack
let browser: Browser

const track = (name: string, more: object = {}) => ({
  type: 'track',
  event: name,
  anonymousId: 'a1',
  ...more,
})
const several = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, index) => track(`Step ${index}`, more))

beforeAll(async () => {
  stack = await withWorkerBundle({ entry: ENTRY }, (scriptPath) => startTestStack({ scriptPath }))
  browser = await launchBrowser()
  const last = { stream: LOSSY, firstSeq: 12, batch: several(2) }
  await send({ stream: LOSSY, firstSeq: 1, batch: several(3) })
  await send({ stream: LOSSY, firstSeq: 8, batch: several(1) })
  await send(last)
  // An answer that was lost, so the client sent the same again.
  await send(last)
  await send({ stream: DECLARED, firstSeq: 1, batch: several(1) })
  await send({ stream: DECLARED, firstSeq: 4, batch: several(1, { context: { dropped: { refused: 2 } } }) })
  await send({ stream: WHOLE, firstSeq: 1, batch: [...several(4), { type: 'track', anonymousId: 'a1' }] })
  const refused = await fetch(`${stack.worker.url}/v1/batch`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('dev:')}` },
    body: 'no batch at all',
  })
  expect(refused.status).toBe(400)
  // Later requests tell of what was refused before.
  await send({ stream: WHOLE, firstSeq: 6, batch: several(1) })
  await waitFor(
    () => stack.query<{ n: string }>('SELECT count() AS n FROM events FINAL'),
    ([row]) => Number(row?.n) === 13,
  )
  await waitFor(
    async () => {
      await stack.worker.triggerCron()
      const [row] = await stack.query<{ n: string }>(
        'SELECT sum(in_flight) AS n, count() AS hours FROM ledger',
      )
      return row
    },
    (row) => Number(row?.n) === 0 && Number((row as { hours?: string } | undefined)?.hours) > 0,
  )
}, 120_000)

afterAll(async () => {
  await browser.close()
  await stack.stop()
})

async function send(body: object): Promise<void> {
  expect((await stack.post(body)).status).toBe(200)
}

async function ask(search = 'from=2h'): Promise<BooksAnswer> {
  const response = await fetch(`${stack.worker.url}/v1/query/books?source=dev&${search}`, {
    headers: { authorization: 'Bearer dev-read' },
  })
  expect(response.status).toBe(200)
  return (await response.json()) as BooksAnswer
}

function books(...args: string[]) {
  const command = [
    'cli/bin/millrace.mjs',
    'books',
    '--source',
    'dev',
    '--endpoint',
    stack.worker.url,
    '--last',
    '2h',
  ]
  return runCommand(process.execPath, [...command, ...args])
}

/** Asks as monitors of the development source do. */
function monitorAsk() {
  return createMonitorAsk(createStatements(connection()).read, 'dev')
}

function connection() {
  return { url: stack.clickhouseUrl, username: 'default', password: '', database: 'millrace' }
}

async function execute(statement: string): Promise<void> {
  const response = await fetch(stack.clickhouseUrl, { method: 'POST', body: statement })
  expect([response.status, await response.text()]).toEqual([200, ''])
}

describe('the books of a client that loses seven events', () => {
  it('name exactly those seven, and two more that another client declared', async () => {
    const { totals, rows } = await ask()
    expect(totals.gaps).toMatchObject({ streams: 2, missing: 9, undeclared: 7, open: 7, dropped: 2 })
    expect(totals.gaps['droppedBy']).toEqual({ refused: 2 })
    expect(rows.map((row) => row.slice(0, 4))).toEqual([
      [
        LOSSY,
        7,
        [
          [4, 7],
          [9, 11],
        ],
        0,
      ],
      [DECLARED, 2, [[2, 3]], 2],
    ])
  })

  it('explain all that was received, by hour and in total', async () => {
    const { totals } = await ask()
    expect(totals).toMatchObject({
      ...{ closes: true, explained: 1, received: 16, accepted: 15, quarantined: 1, refused: 0 },
      ...{ stored: 13, duplicates: 2, inFlight: 0, missing: 0 },
      quarantinedBy: { missing_field: 1 },
    })
    expect(Object.values(totals.refusedRequests)).toEqual([1])
  })

  it('are told by the command, which adds up and names the ranges', async () => {
    const { code, stdout } = await books('--gaps', '--by', 'hour')
    expect(code).toBe(0)
    expect(stdout).toContain('The books close: all 16 events that we received are explained.')
    expect(stdout).toContain('9 numbers of 2 streams have not come yet.')
    expect(stdout).toContain('That explains 2 of them; nothing explains 7.')
    expect(stdout).toContain(`${LOSSY}\n    not here yet: 4-7, 9-11 (7 numbers)`)
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  it('stand on the page', async () => {
    const page = await browser.newPage()
    await page.goto(`${stack.worker.url}/dashboard`)
    const text = () => page.locator('#books').innerText()
    await waitFor(text, (told) => told.includes('All 16 events received are explained'))
    expect(await text()).toContain(
      '9 events that clients numbered have not come yet, of 2 streams. Clients say that they dropped 2. Nothing explains 7',
    )
    await page.locator('#books summary').click()
    await waitFor(text, (told) => told.includes('7: 4–7, 9–11'))
    await page.close()
  })

  it('make a monitor fire when their streams are silent, and not before', async () => {
    const later = { ask: monitorAsk(), now: Date.now() + 20 * 60_000 }
    const gaps = { name: 'gaps', kind: 'gaps', above: 6, window: '1h' } as const
    expect(await evaluateGaps(gaps, later)).toMatchObject({ state: 'firing', value: 7 })
    expect(await evaluateGaps({ ...gaps, above: 7 }, later)).toMatchObject({ state: 'ok' })
    const share = { name: 'share', kind: 'gaps', aboveShare: 0.3, window: '1h', min: 10 } as const
    // Numbers that came twice count twice: a batch that is sent again is not in the same envelope.
    const judged = await evaluateGaps(share, later)
    expect(judged.value).toBeGreaterThan(0.25)
    expect(judged.value).toBeLessThan(0.35)
    expect(await evaluateGaps(gaps, { ...later, now: Date.now() })).toMatchObject({ state: 'ok', value: 0 })
    const monitor = { name: 'books', kind: 'books' } as const
    expect(await evaluateBooks(monitor, { ...later, now: Date.now() })).toMatchObject({
      state: 'ok',
      value: 0,
    })
  })

  it('are read for one source alone, on the real engine', async () => {
    const run = createRunStatement(connection())
    const other = createAsk(run, 'millrace', 'other')
    expect(await other(sql`SELECT count() FROM ledger`)).toEqual([[0]])
    expect(await other(sql`SELECT count() FROM delivery_gaps`)).toEqual([[0]])
    expect(await other(sql`SELECT count() FROM quarantine`)).toEqual([[0]])
    expect(await createAsk(run, 'millrace', 'dev')(sql`SELECT count() FROM delivery_gaps`)).toEqual([[2]])
  })

  it('do not close when an event vanishes that was acknowledged: route, command and monitor say so', async () => {
    expect((await books('--fail-on-missing')).code).toBe(0)
    await execute(`DELETE FROM millrace.events WHERE stream = '${WHOLE}' AND seq = 2`)
    // What comes in the same hour has it computed anew.
    await send({ stream: WHOLE, firstSeq: 7, batch: several(1) })
    await waitFor(
      async () => {
        await stack.worker.triggerCron()
        const [row] = await stack.query<{ missing: string; received: string }>(
          'SELECT sum(missing) AS missing, sum(received) AS received FROM ledger',
        )
        return [Number(row?.received), Number(row?.missing)]
      },
      ([received, missing]) => received === 17 && missing === 1,
    )
    const { totals } = await ask('from=3h')
    expect(totals).toMatchObject({ closes: false, missing: 1, received: 17, stored: 13 })
    expect(totals['explained']).toBeCloseTo(16 / 17, 9)
    const { code, stdout } = await books('--last', '3h', '--fail-on-missing')
    expect(code).toBe(1)
    expect(stdout).toContain('THE BOOKS DO NOT CLOSE: 1 event we acknowledged is missing')
    const monitor = { name: 'books', kind: 'books' } as const
    const finding = await evaluateBooks(monitor, { ask: monitorAsk(), now: Date.now() })
    expect(finding).toMatchObject({ state: 'firing', value: 1 })
    expect(finding.message).toContain('1 event that we acknowledged is missing, since the hour of')
  })
})
