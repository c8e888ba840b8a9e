import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createFakeCollector } from '../access-log/fake-collector.ts'
import { createAccessLogFormat } from '../access-log/format.ts'
import { emptyCounts } from './books.ts'
import { exitCodeOf, formatReport as formatWith, type ImportReport } from './report.ts'
import { type ImportOptions, runImport } from './run.ts'
import { openInput } from './source.ts'

const COMBINED = fileURLToPath(new URL('../../fixtures/combined.log', import.meta.url))

const FORMAT = createAccessLogFormat()
const formatReport = (report: ImportReport) => formatWith(report, FORMAT)

const SETTINGS = {
  format: FORMAT,
  source: 'dev',
  endpoint: 'http://collector.test',
  secretKey: 'dev-secret',
  random: () => 0,
}

async function importFile(path: string, options: Partial<ImportOptions> = {}): Promise<ImportReport> {
  return await runImport({
    ...SETTINGS,
    input: await openInput(path, { stdin: Readable.from([]) }),
    ...options,
  })
}

/** Imports a text as standard input. */
async function importText(text: string, options: Partial<ImportOptions> = {}): Promise<ImportReport> {
  return await runImport({
    ...SETTINGS,
    input: await openInput('-', { stdin: Readable.from([Buffer.from(text)]) }),
    ...options,
  })
}

function linesOf(count: number): string {
  const line = (i: number) =>
    `192.0.2.1 - - [03/Mar/2024:09:00:01 +0000] "GET /page/${i} HTTP/1.1" 200 5 "-" "A"`
  return `${Array.from({ length: count }, (_, index) => line(index + 1)).join('\n')}\n`
}

describe('the books', () => {
  it('of the small log close', async () => {
    const { fetch, events } = createFakeCollector()
    const report = await importFile(COMBINED, { fetch })
    expect(report).toMatchObject({
      file: 'combined.log',
      records: 26,
      events: 8,
      skipped: {
        'no-request': 2,
        method: 2,
        redirect: 1,
        error: 2,
        'no-document': 1,
        'site-file': 2,
        'health-check': 1,
        feed: 1,
        asset: 2,
        download: 1,
        data: 1,
      },
      malformed: { count: 2 },
      sent: { accepted: 8, quarantined: 0, dropped: 0 },
    })
    const skipped = Object.values(report.skipped).reduce((sum, count) => sum + count, 0)
    expect(report.events + skipped + report.malformed.count).toBe(report.records)
    expect(events).toHaveLength(8)
    expect(exitCodeOf(report)).toBe(0)
  })

  it('show malformed lines with what a terminal would obey made visible', async () => {
    const { malformed } = await importFile(COMBINED, { isDryRun: true })
    expect(malformed.samples).toEqual([
      {
        line: 24,
        reason: 'not a common or combined log line',
        text: String.raw`this line is no log line \u{1b}[31mred\u{1b}[0m`,
      },
      { line: 25, reason: 'impossible time', text: expect.stringContaining('31/Feb/2024') },
    ])
  })

  it('of a dry run are the same, and nothing is sent', async () => {
    const { fetch, requestCount } = createFakeCollector()
    const report = await importFile(COMBINED, { fetch, isDryRun: true, secretKey: '' })
    expect(report).toMatchObject({ records: 26, events: 8, isDryRun: true })
    expect(report).not.toHaveProperty('sent')
    expect(requestCount()).toBe(0)
  })

  it('say how long it took', async () => {
    let time = 0
    const { fetch } = createFakeCollector()
    const report = await importFile(COMBINED, { fetch, now: () => (time += 500) })
    expect(report.tookMs).toBe(500)
    expect(formatReport(report)).toContain('26 lines = 8 + 16 + 2, in 0.5 s (52 lines/s)\n')
  })

  it('say which times the events have', async () => {
    const { fetch } = createFakeCollector()
    const times = { earliest: '2024-03-03T08:00:01.000Z', latest: '2024-03-03T14:30:15.000Z' }
    for (const isDryRun of [false, true]) {
      const report = await importFile(COMBINED, { fetch, isDryRun })
      expect(report.times).toEqual(times)
      expect(formatReport(report)).toContain('\ntimes 2024-03-03 08:00 to 2024-03-03 14:30 UTC\n')
    }
    expect(await importText('no line of a log\n', { fetch })).not.toHaveProperty('times')
  })

  it('are followed by how to see what was stored and what was there already', async () => {
    const { fetch } = createFakeCollector()
    const see = (target: string) => `
What is stored already is counted once; this says within a minute how many were:
  npx millrace books ${target}
See them:
  npx millrace query top ${target} --field page_path --from 2024-03-03
`
    const report = await importFile(COMBINED, { fetch })
    expect(formatReport(report)).toContain(see('--source dev --endpoint http://collector.test'))
    const local = { ...report, endpoint: 'http://127.0.0.1:8787' }
    expect(formatReport(local)).toContain(see('--source dev'))
    expect(formatReport(await importFile(COMBINED, { isDryRun: true }))).not.toContain('npx millrace')
    const dropped = { ...report, sent: { ...emptyCounts().sent, accepted: 7, dropped: 1 } }
    expect(formatReport(dropped)).not.toContain('npx millrace')
  })

  it('name what the collector set apart', async () => {
    const { fetch } = createFakeCollector(() => ({
      status: 200,
      body: {
        success: true,
        receipts: [
          { index: 0, status: 'quarantined', reason: 'impossible_time', message: 'Too old.' },
          { index: 1, status: 'quarantined', reason: 'impossible_time', message: 'Too old.' },
          { index: 2, status: 'duplicate', reason: 'impossible_time', message: 'Known.' },
        ],
      },
    }))
    const report = await importFile(COMBINED, { fetch })
    expect(report.sent).toMatchObject({ accepted: 5, quarantined: 2, duplicate: 1, dropped: 0 })
    expect(formatReport(report)).toMatch(/quarantined +2 {2}impossible_time 2\n/)
    expect(exitCodeOf(report)).toBe(0)
  })

  it('of a large log close over a collector that fails now and then', async () => {
    const { fetch, events } = createFakeCollector((request) =>
      request % 3 === 1
        ? { status: 503, body: { success: false, code: 'temporarily_unavailable', message: 'Busy.' } }
        : undefined,
    )
    const report = await importText(linesOf(15_000), { fetch })
    expect(report).toMatchObject({ records: 15_000, events: 15_000, sent: { accepted: 15_000, dropped: 0 } })
    expect(events.map((event) => (event['properties'] as { path: string }).path)).toEqual(
      Array.from({ length: 15_000 }, (_, index) => `/page/${index + 1}`),
    )
  })
})

describe('events', () => {
  it('carry what the log tells', async () => {
    const { fetch, events, urls } = createFakeCollector()
    await importFile(COMBINED, {
      fetch,
      format: createAccessLogFormat({ site: 'https://shop.example' }),
    })
    const page = {
      path: '/products/caf%C3%A9',
      search: '?sort=price&page=2',
      url: 'https://shop.example/products/caf%C3%A9?sort=price&page=2',
      referrer: 'https://shop.example/',
    }
    expect(events[1]).toEqual({
      type: 'page',
      messageId: expect.stringMatching(/^[0-9a-f]{32}$/),
      anonymousId: expect.stringMatching(/^[0-9a-f]{32}$/),
      timestamp: '2024-03-03T08:00:03.000Z',
      properties: { ...page, status: 200, bytes: 7345 },
      context: {
        page,
        userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)',
        ip: '2001:db8::7',
      },
    })
    expect([...urls]).toEqual(['http://collector.test/v1/import'])
  })

  it('leave out what the log does not tell', async () => {
    const { fetch, events } = createFakeCollector()
    await importFile(COMBINED, { fetch })
    expect(events[6]).toMatchObject({ timestamp: '2024-03-03T14:30:15.000Z' })
    expect(events[6]?.['properties']).toEqual({ path: '/common', search: '', status: 200, bytes: 77 })
    expect(events[6]?.['context']).toEqual({ page: { path: '/common', search: '' }, ip: '192.0.2.12' })
    expect(events[7]?.['context']).not.toHaveProperty('ip')
  })

  it('of one visitor share an anonymousId', async () => {
    const { fetch, events } = createFakeCollector()
    await importFile(COMBINED, { fetch })
    expect(events[0]?.['anonymousId']).toBe(events[2]?.['anonymousId'])
    expect(new Set(events.map((event) => event['anonymousId'])).size).toBe(6)
  })
})

describe('ids', () => {
  async function idsOf(text: string): Promise<unknown[]> {
    const { fetch, events } = createFakeCollector()
    await importText(text, { fetch })
    return events.map(({ messageId }) => messageId)
  }

  it('of a second run are the same, and of two identical lines are two', async () => {
    const text = `${linesOf(3)}${linesOf(3)}`
    const ids = await idsOf(text)
    expect(new Set(ids).size).toBe(6)
    expect(await idsOf(text)).toEqual(ids)
  })

  it('of old lines stay when the log has grown', async () => {
    const before = await idsOf(linesOf(5))
    expect((await idsOf(linesOf(8))).slice(0, 5)).toEqual(before)
  })

  it('of a last line that lacks only its end stay when it gets one', async () => {
    expect(await idsOf(linesOf(3).trimEnd())).toEqual(await idsOf(linesOf(3)))
  })

  it('do not depend on the ends of the lines, and do on the log', async () => {
    const ids = await idsOf(linesOf(3))
    expect(await idsOf(linesOf(3).replaceAll('\n', '\r\n'))).toEqual(ids)
    expect(new Set([...ids, ...(await idsOf(`\n${linesOf(3)}`))]).size).toBe(6)
  })

  it('of a compressed copy are the same', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, 'copy.log.gz')
    // Two members, as when a log rotator appends to a compressed file.
    await writeFile(path, Buffer.concat([gzipSync(linesOf(2)), gzipSync(linesOf(1))]))
    const { fetch, events } = createFakeCollector()
    expect(await importFile(path, { fetch })).toMatchObject({ records: 3, file: 'copy.log.gz' })
    expect(events.map(({ messageId }) => messageId)).toEqual(await idsOf(linesOf(2) + linesOf(1)))
  })
})

describe('an import that cannot go on', () => {
  it.each([
    [401, 'unknown_write_key', 'Give the secret key of the source dev'],
    [403, 'secret_key_required', 'Give the secret key of the source dev'],
    [404, 'not_found', 'Is --endpoint the address of a Millrace collector?'],
  ])('stops at the first refusal with %i and says what to do', async (status, code, advice) => {
    const { fetch, requestCount } = createFakeCollector(() => ({
      status,
      body: { success: false, code, message: 'The collector says so.' },
    }))
    const report = await importText(linesOf(30_000), { fetch })
    expect(requestCount()).toBe(1)
    expect(report.stopped).toMatchObject({ reason: 'refused', status, collectorCode: code })
    expect(report.sent?.dropped).toBe(report.events)
    expect(report.records).toBeLessThan(30_000)
    expect(formatReport(report)).toContain(`The collector says so. (HTTP ${status})\n${advice}`)
    expect(exitCodeOf(report)).toBe(1)
  })

  it('says that the key belongs to another source than the one that was named', async () => {
    const { fetch, sources } = createFakeCollector(() => ({
      status: 403,
      body: { success: false, code: 'wrong_source', message: 'This key is of source "blog".' },
    }))
    const report = await importText(linesOf(3), { fetch, source: 'shop' })
    expect([...sources]).toEqual(['shop'])
    expect(report.stopped).toMatchObject({ reason: 'refused', status: 403, collectorCode: 'wrong_source' })
    expect(formatReport(report)).toContain(
      'This key is of source "blog". (HTTP 403)\nThe secret key belongs to another source than shop: give the key of shop, or the other name as --source.\n',
    )
    expect(exitCodeOf(report)).toBe(1)
  })

  it('shows what a terminal would obey in the words of the collector', async () => {
    const { fetch } = createFakeCollector(() => ({
      status: 400,
      body: { success: false, code: 'invalid_batch', message: 'No\u001b[2J\n\u009b31m way' },
    }))
    const report = await importText(linesOf(1), { fetch })
    expect(formatReport(report)).toContain(String.raw`No\u{1b}[2J\u{a}\u{9b}31m way (HTTP 400)`)
  })

  it('gives up soon when nobody was ever there', async () => {
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:8787')
    const { fetch, requestCount } = createFakeCollector(() => new TypeError('fetch failed', { cause }))
    const report = await importText(linesOf(3), { fetch })
    expect(requestCount()).toBe(3)
    expect(formatReport(report)).toContain(
      'no collector answers at http://collector.test: connect ECONNREFUSED 127.0.0.1:8787\nIs it running? Start it with: npm run dev',
    )
    expect(exitCodeOf(report)).toBe(1)
  })

  it('goes on trying when the collector goes away in the middle, and says so', async () => {
    const notices: string[] = []
    const { fetch } = createFakeCollector((request) =>
      request > 1 && request < 8 ? new Error('gone') : undefined,
    )
    let time = 0
    const report = await importText(linesOf(1_000), {
      fetch,
      // With 0 a wait would be as long as the time of a request.
      random: () => 0.5,
      clock: () => time,
      // Time flies, but for the one that ends a request.
      setTimeout: (callback, delayMs) =>
        delayMs === 30_000
          ? undefined
          : setTimeout(() => {
              time += delayMs
              callback()
            }, 0),
      onNotice: (message) => notices.push(message),
    })
    expect(report).toMatchObject({ sent: { accepted: 1_000, dropped: 0 } })
    expect(notices[0]).toBe('no luck with the collector (gone), attempt 3; next one in 22.5 s')
    expect(report).not.toHaveProperty('stopped')
  })

  it('ends with a report that adds up when it is interrupted', async () => {
    const interruption = new AbortController()
    const { fetch, events } = createFakeCollector((request) => {
      if (request === 2) interruption.abort()
      return undefined
    })
    const report = await importText(linesOf(30_000), { fetch, signal: interruption.signal })
    expect(report.stopped).toMatchObject({ reason: 'interrupted' })
    expect(report.records).toBeLessThan(30_000)
    expect(report.sent).toMatchObject({ accepted: report.events, dropped: 0 })
    expect(events).toHaveLength(report.records)
    expect(exitCodeOf(report)).toBe(130)
    expect(formatReport(report)).toContain('Running it again is safe')
  })

  it('ends at once when it is interrupted while it waits for input', async () => {
    const interruption = new AbortController()
    const stdin = new PassThrough()
    const { fetch } = createFakeCollector()
    const running = runImport({
      ...SETTINGS,
      input: await openInput('-', { stdin }),
      signal: interruption.signal,
      fetch,
    })
    stdin.write(linesOf(2))
    setTimeout(() => interruption.abort(), 20)
    expect(await running).toMatchObject({
      records: 2,
      sent: { accepted: 2 },
      stopped: { reason: 'interrupted' },
    })
  })

  it('says that a compressed file is cut off, after what could be read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, 'cut.log.gz')
    await writeFile(path, gzipSync(linesOf(20_000)).subarray(0, -50))
    const { fetch } = createFakeCollector()
    const report = await importFile(path, { fetch })
    expect(report.stopped).toEqual({
      reason: 'unreadable',
      message: 'cannot read cut.log.gz: unexpected end of file',
    })
    expect(report.records).toBeGreaterThan(0)
    expect(report.sent?.accepted).toBe(report.events)
    expect(exitCodeOf(report)).toBe(1)
  })

  it('throws for a wrong option before anything is read', async () => {
    await expect(importText('', { endpoint: 'nowhere' })).rejects.toThrow(TypeError)
  })
})

it('a file that becomes shorter while it is read is told, and is no success', async () => {
  const { fetch } = createFakeCollector()
  const input = await openInput(COMBINED, { stdin: Readable.from([]) })
  const longer = { ...input, totalBytes: (input.totalBytes ?? 0) + 1 }
  const report = await importFile(COMBINED, { input: longer, fetch })
  expect(report.stopped).toEqual({
    reason: 'unreadable',
    message: 'cannot read combined.log: it became shorter while it was read',
  })
  expect(exitCodeOf(report)).toBe(1)
})
