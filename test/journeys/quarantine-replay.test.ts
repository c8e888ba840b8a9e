/** Refused events, from the plan that was too strict to the correction and back into the warehouse, by the operator's commands. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signalGroup } from '../support/command.ts'
import { type ConfiguredStack, configPath, startConfiguredStack } from '../support/configured-stack.ts'
import { startSilentLine } from '../support/silent-line.ts'
import { waitFor } from '../support/wait.ts'

/** Free orders in one batch: with the others they need three requests of a replay. */
const BULK_COUNT = 230

/** How long before `sentAt` all events happened, by the client's clock. */
const AGE_MS = 300_000

const AGENT = 'Shop/1.0'

/** Events as the client wrote them, spaces, escapes and number formats included; the nth has the id `mixed-n`. */
const MIXED = [
  '{"type":"track","event":"Order Completed","userId":"u1","properties":{"order_id":"o-1","total":12.5}}',
  '{ "type":"track",\t"event":"Order Completed", "userId":"u1","properties":{"order_id":"caf\\u00e9 \\ud83d\\ude00 ü","total":0.00} }',
  '{"type":"track","event":"Order Completed","userId":"u1","properties":{"total":"12","order_id":"o-3"}}',
  '{"type":"track","event":"Gift Sent","userId":"u1"}',
  '{"type":"identify","userId":"u1","traits":{"email":"nobody"}}',
].map((text) => text.replace('"userId"', '"timestamp":"TIME","userId"'))

/** What became of them: stored at once, stored after the correction, refused under both plans. */
const CORRECTED = ['mixed-2', 'mixed-4']
const STILL_REFUSED = ['mixed-3', 'mixed-5']
const BULK = Array.from({ length: BULK_COUNT }, (_, index) => `bulk-${index + 1}`)
const REFUSED = [...BULK, ...CORRECTED, ...STILL_REFUSED]

interface QuarantineRow {
  message_id: string
  raw: string
  received_at: string
}

interface EventRow {
  message_id: string
  received_at: string
  timestamp: string
}

let stack: ConfiguredStack
/** The five texts as they were sent. */
let sent: string[]
/** The quarantine as it was before anything was replayed. */
let quarantined: QuarantineRow[]
beforeAll(async () => {
  stack = await startConfiguredStack('orders-strict')
  const sentAt = Date.now()
  sent = MIXED.map((text) => text.replace('TIME', new Date(sentAt - AGE_MS).toISOString()))
  const order = JSON.parse(sent[1] ?? '')
  await post('mixed', sentAt, sent)
  await post('bulk', sentAt, Array<string>(BULK_COUNT).fill(JSON.stringify(order)))
  quarantined = await waitFor(readQuarantine, (rows) => rows.length === REFUSED.length)
})
afterAll(() => stack.stop())

async function post(stream: string, sentAt: number, texts: readonly string[]): Promise<void> {
  const shared = { writeKey: 'wk_shop', stream, firstSeq: 1, sentAt: new Date(sentAt).toISOString() }
  const context = { locale: 'de', userAgent: AGENT }
  const fields = JSON.stringify({ ...shared, context }).slice(1, -1)
  const response = await stack.post(`{${fields},"batch":[${texts.join(' , ')}]}`)
  expect(await response.json()).toMatchObject({ success: true })
}

function readQuarantine(): Promise<QuarantineRow[]> {
  return stack.query('SELECT * FROM quarantine FINAL ORDER BY message_id')
}

/** Resolves once what was posted before is in ClickHouse: the local queue hands on in order. */
async function settle(): Promise<void> {
  const stream = crypto.randomUUID()
  await post(stream, Date.now(), [sent[0] ?? ''])
  const select = 'SELECT 1 FROM events WHERE stream = {stream:String}'
  await waitFor(
    () => stack.query(select, { stream }),
    (rows) => rows.length > 0,
  )
}

/** Of the events that this journey is about. */
async function readStoredIds(): Promise<string[]> {
  const select = "SELECT message_id FROM events FINAL WHERE stream IN ('mixed', 'bulk') ORDER BY message_id"
  const rows = await stack.query<EventRow>(select)
  return rows.map(({ message_id }) => message_id)
}

interface Group {
  event: string
  reason: string
  path: string
  count: number
  stored: number
}

async function list(): Promise<Group[]> {
  const { code, stdout } = await stack.millrace('quarantine', 'list', ...stack.quarantineOptions, '--json')
  expect(code).toBe(0)
  return JSON.parse(stdout)
}

async function replay(...options: string[]) {
  const { code, stdout } = await stack.millrace('quarantine', 'replay', ...replayArgs(stack.url), ...options)
  return { code, report: JSON.parse(stdout) }
}

function replayArgs(endpoint: string): string[] {
  return [...stack.quarantineOptions, '--endpoint', endpoint, '--json']
}

describe('what the plan refuses', () => {
  it('is in ClickHouse, byte by byte as it was sent, with what is wrong with it', () => {
    const [, free, text, gift, identify] = sent
    const mixed = quarantined.filter(({ message_id }) => message_id.startsWith('mixed-'))
    const violation = { path: 'properties.total', rule: 'too_small', found: '0' }
    expect(mixed).toMatchObject([
      { message_id: 'mixed-2', raw: free, plan_version: '1-0-0', violations: [violation] },
      { message_id: 'mixed-3', raw: text, violations: [{ rule: 'invalid_type', found: '"12"' }] },
      { message_id: 'mixed-4', raw: gift, reason: 'unplanned_event', path: 'event' },
      { message_id: 'mixed-5', raw: identify, plan_version: '2-0-0', path: 'traits.email' },
    ])
    expect(mixed.map((row) => Date.now() - Date.parse(`${row.received_at}Z`) < 60_000)).not.toContain(false)
  })

  it('is in R2 too', async () => {
    const texts = [...(await stack.readObjects('quarantine/source=shop/date=')).values()]
    const lines = texts.flatMap((text) => text.trimEnd().split('\n')).map((line) => JSON.parse(line))
    expect(lines.map(({ messageId }) => messageId).sort()).toEqual(
      quarantined.map(({ message_id }) => message_id),
    )
    const [free] = quarantined.filter(({ message_id }) => message_id === 'mixed-2')
    expect(lines.find(({ messageId }) => messageId === 'mixed-2')).toMatchObject({
      raw: sent[1],
      rawBytes: Buffer.byteLength(sent[1] ?? ''),
      reason: 'plan_violation',
      violations: [{ path: 'properties.total', rule: 'too_small', found: '0' }],
      planVersion: '1-0-0',
      receivedAt: `${free?.received_at.replace(' ', 'T')}Z`,
      seq: 2,
      context: { locale: 'de' },
    })
  })

  it('is told by the commands list and show', async () => {
    expect(await list()).toMatchObject([
      { event: 'Order Completed', reason: 'plan_violation', path: 'properties.total', count: 232, stored: 0 },
      { event: 'Gift Sent', reason: 'unplanned_event', path: 'event', count: 1, stored: 0 },
      { event: 'identify', reason: 'plan_violation', path: 'traits.email', count: 1, stored: 0 },
    ])
    const { stdout } = await stack.millrace('quarantine', 'show', ...stack.quarantineOptions, 'mixed-3')
    expect(stdout).toMatch(/^mixed-3\n {2}event +Order Completed, track\n/)
    expect(stdout).toMatch(/found "12" \(invalid_type\)/)
    expect(stdout).toMatch(/ stored +no\n/)
  })

  it('is refused again under the same plan, and the quarantine stays as it is', async () => {
    const { code, report } = await replay()
    const refused = { 'quarantined: plan_violation': 233, 'quarantined: unplanned_event': 1 }
    expect([code, report]).toMatchObject([0, { found: 234, stored: 0, accepted: 0, refused }])
    await settle()
    expect(await readStoredIds()).toEqual(['mixed-1'])
  })
})

describe('under the corrected plan', () => {
  beforeAll(() => stack.deploy('orders-corrected'))

  it('a check of the plan finds nothing that breaks', async () => {
    const [before, after] = [configPath('orders-strict'), configPath('orders-corrected')]
    const { code, stdout } = await stack.millrace('plan', 'check', '--config', after, '--against', before)
    expect(code, stdout).toBe(0)
  })

  it('a replay that is killed, twice run at once and run again stores each event once', async () => {
    // The second request is taken, but whoever sent it never hears so.
    const line = await startSilentLine(stack.url, 1)
    const killed = stack.startMillrace('quarantine', 'replay', ...replayArgs(line.url))
    await waitFor(() => line.carriedCount() === 2)
    signalGroup(killed, 'SIGKILL')
    expect(await killed.finished).toMatchObject({ code: null, stdout: '' })
    await line.stop()
    const half = await waitFor(readStoredIds, (ids) => ids.length === 201)

    const twice = await Promise.all([replay(), replay()])
    expect(twice.map(({ code }) => code)).toEqual([0, 0])
    for (const { report } of twice) expect(report.refused).toEqual({ 'quarantined: plan_violation': 2 })
    const wanted = ['mixed-1', ...BULK, ...CORRECTED].sort()
    await settle()
    expect(await readStoredIds()).toEqual(wanted)
    expect(wanted).toEqual(expect.arrayContaining(half))

    const { report } = await replay()
    expect(report).toMatchObject({ found: 234, stored: 232, accepted: 0 })
    await settle()
    expect(await readStoredIds()).toEqual(wanted)
  })

  it('what was replayed has its own id, time and sender', async () => {
    const rows = await stack.query<EventRow>(
      `SELECT * FROM events FINAL WHERE stream IN ('mixed', 'bulk') AND message_id != 'mixed-1'`,
    )
    const before = new Map(quarantined.map(({ message_id, received_at }) => [message_id, received_at]))
    expect(rows.length).toBe(BULK_COUNT + CORRECTED.length)
    for (const { message_id, received_at, timestamp } of rows) {
      expect(received_at, message_id).toBe(before.get(message_id))
      expect(Date.parse(received_at) - Date.parse(timestamp), message_id).toBe(AGE_MS)
    }
    expect(rows.find(({ message_id }) => message_id === 'mixed-2')).toMatchObject({
      event: 'Order Completed',
      user_id: 'u1',
      stream: 'mixed',
      seq: 2,
      route: 'batch',
      plan_version: '1-0-1',
      locale: 'de',
      user_agent: AGENT,
      properties: { order_id: 'café 😀 ü', total: 0 },
    })
  })

  it('what differs still stays in the quarantine, and list tells the two apart', async () => {
    expect(await readQuarantine()).toEqual(quarantined)
    expect(await list()).toMatchObject([
      { event: 'Order Completed', count: 232, stored: 231 },
      { event: 'Gift Sent', count: 1, stored: 1 },
      { event: 'identify', count: 1, stored: 0 },
    ])
    for (const [id, stored] of [
      ['mixed-2', 'yes, under the same id'],
      ['mixed-3', 'no'],
    ] as const) {
      const { stdout } = await stack.millrace('quarantine', 'show', ...stack.quarantineOptions, id)
      expect(stdout).toMatch(new RegExp(` stored +${stored}\\n`))
    }
  })
})
