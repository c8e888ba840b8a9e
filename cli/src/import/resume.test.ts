/** What an offset file promises: every event is delivered, under ids that do not change, whatever ends a run. */

import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createFakeCollector, type StoredEvent } from '../access-log/fake-collector.ts'
import { createCsvFormat } from './csv/format.ts'
import { EMPTY_MAPPING } from './csv/mapping.ts'
import type { ImportFormat } from './format.ts'
import { NDJSON_FORMAT } from './ndjson.ts'
import { readProgress } from './offset-file.ts'
import { openRejects } from './rejects.ts'
import type { ImportReport } from './report.ts'
import { type ImportOptions, runImport } from './run.ts'
import { openInput } from './source.ts'

const JOB = { source: 'shop', endpoint: 'http://collector.test' }
const CSV_FORMAT = createCsvFormat({ mapping: EMPTY_MAPPING, delimiter: ',', onlyMapped: false })

/** A file, and runs of its import that share an offset file and a rejects file. */
async function openJob(name: string, content: string | Uint8Array, format: ImportFormat = NDJSON_FORMAT) {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, name)
  const offsetPath = join(folder, 'offset.json')
  const rejectsPath = join(folder, 'rejects.ndjson')
  await writeFile(path, content)
  const readOffset = () => readProgress(offsetPath, { ...JOB, format: format.name })
  async function run(options: Partial<ImportOptions>, from = path): Promise<ImportReport> {
    const earlier = await readOffset()
    return await runImport({
      ...JOB,
      secretKey: 'secret',
      random: () => 0,
      format,
      input: await openInput(from, { stdin: Readable.from([content]) }),
      resume: { path: offsetPath, earlier },
      rejects: await openRejects(rejectsPath, earlier?.rejectsBytes ?? 0),
      ...options,
    })
  }
  const readRejects = async () =>
    (await readFile(rejectsPath, 'utf8'))
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).line as number)
  return { path, offsetPath, run, readOffset, readRejects }
}

/** Lines of which every tenth is no JSON and every seventh is blank. */
function linesOf(count: number, first = 1): string {
  const line = (n: number) => {
    if (n % 10 === 0) return `not JSON ${n}`
    if (n % 7 === 0) return ''
    return `{"type":"track","event":"E","userId":"u${n}","timestamp":"2024-03-03T09:00:00Z","properties":{"n":${n}}}`
  }
  return Array.from({ length: count }, (_, index) => `${line(first + index)}\n`).join('')
}

function rowsOf(count: number): string {
  const row = (n: number) => (n % 10 === 0 ? 'too,few' : `u${n},2024-03-03,E,"${n}\nlines"`)
  return `userId,timestamp,event,n\n${Array.from({ length: count }, (_, index) => `${row(index + 1)}\n`).join('')}`
}

/** A collector that is refused from the nth request on, as when the key is taken away. */
const failingFrom = (first: number) =>
  createFakeCollector((request) =>
    request < first
      ? undefined
      : { status: 401, body: { success: false, code: 'unknown_write_key', message: 'No.' } },
  )

const idsOf = (events: readonly StoredEvent[]) => events.map(({ messageId }) => messageId)

const CONTENTS = [
  ['events.ndjson', linesOf(3_000), NDJSON_FORMAT],
  ['events.ndjson.gz', gzipSync(linesOf(3_000)), NDJSON_FORMAT],
  ['rows.csv', rowsOf(3_000), CSV_FORMAT],
] as const

describe('an import with an offset file', () => {
  it.each(CONTENTS)(
    'of %s may end anywhere: nothing is lost, doubled or counted twice',
    async (...content) => {
      const whole = createFakeCollector()
      const expected = await (await openJob(...content)).run({ fetch: whole.fetch })
      const job = await openJob(...content)
      const ids: string[] = []
      let runs = 0
      let report: ImportReport
      do {
        // The first run gets nowhere, the next ones a request or two further.
        const { fetch, events } = failingFrom(1 + (runs % 3))
        report = await job.run({ fetch })
        ids.push(...idsOf(events))
        runs += 1
      } while (report.stopped !== undefined && runs < 30)
      expect(runs).toBeGreaterThan(5)
      expect(new Set(ids)).toEqual(new Set(idsOf(whole.events)))
      // Refused batches were not stored, so each event came once.
      expect(ids).toHaveLength(whole.events.length)
      const { records, events, skipped, malformed, sent } = report
      expect({ records, events, skipped, malformed, sent }).toMatchObject({
        records: expected.records,
        events: expected.events,
        skipped: expected.skipped,
        malformed: expected.malformed,
        sent: { accepted: expected.events, dropped: 0 },
      })
      expect(await job.readRejects()).toHaveLength(expected.malformed.count)
      expect(new Set(await job.readRejects()).size).toBe(expected.malformed.count)
    },
  )

  it('that is killed sends again at most what was not noted, under the same ids', async () => {
    const job = await openJob('events.ndjson', linesOf(3_000))
    const first = createFakeCollector()
    let time = 0
    // What a kill leaves is the file as it was at some moment: here that of the third request.
    let left = ''
    const { fetch } = createFakeCollector((request, events) => {
      time += 1_000
      first.events.push(...events)
      return request > 3 ? { status: 401, body: { success: false, code: 'x', message: 'No.' } } : undefined
    })
    await job.run({
      now: () => time,
      async fetch(url, init) {
        left = await readFile(job.offsetPath, 'utf8').catch(() => left)
        // It is written beside the requests, of which the third waits for it.
        for (; time >= 2_000 && left === ''; left = await readFile(job.offsetPath, 'utf8').catch(() => '')) {
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
        return fetch(url, init)
      },
    })
    expect(JSON.parse(left).position.line).toBeGreaterThan(400)
    await writeFile(job.offsetPath, left)
    const second = createFakeCollector()
    const report = await job.run({ fetch: second.fetch })
    expect(report).toMatchObject({ resumedAfterLine: JSON.parse(left).position.line, records: 3_000 })
    const all = [...idsOf(first.events), ...idsOf(second.events)]
    expect(new Set(all).size).toBe(report.events)
    expect(second.events.length).toBeLessThan(report.events)
  })

  it('goes on when the file has grown, from a last line that had no end', async () => {
    const job = await openJob('events.ndjson', `${linesOf(5)}${linesOf(1, 6).slice(0, 40)}`)
    const first = createFakeCollector()
    expect(await job.run({ fetch: first.fetch })).toMatchObject({ records: 6, malformed: { count: 1 } })
    expect(await job.readOffset()).toMatchObject({ position: { line: 5 }, counts: { records: 5 } })
    await appendFile(job.path, `${linesOf(1, 6).slice(40)}${linesOf(3, 7)}`)
    const second = createFakeCollector()
    const report = await job.run({ fetch: second.fetch })
    expect(report).toMatchObject({ records: 9, events: 8, malformed: { count: 0 }, sent: { accepted: 8 } })
    expect(second.events.map((event) => event['userId'])).toEqual(['u6', 'u8', 'u9'])
  })

  it('has nothing to do when the file is as it was', async () => {
    const job = await openJob('events.ndjson', linesOf(50))
    const first = await job.run({ fetch: createFakeCollector().fetch })
    const { fetch, requestCount } = createFakeCollector()
    const second = await job.run({ fetch })
    expect(second).toMatchObject({ records: first.records, sent: first.sent, resumedAfterLine: 50 })
    expect(requestCount()).toBe(0)
  })

  it.each([
    [
      'other first',
      `\n${linesOf(50)}`,
      'its first line is not the one of the file that the offset file is of',
    ],
    ['shorter', linesOf(20), 'it is shorter than when it was read up to line 48'],
    [
      'same first line',
      linesOf(50).replaceAll('"n":4', '"n":5'),
      'its line 48 is not the one that was read before',
    ],
  ])('refuses another file (%s) and leaves the offset as it is', async (_, text, message) => {
    const job = await openJob('events.ndjson', linesOf(48))
    await job.run({ fetch: createFakeCollector().fetch })
    const before = await readFile(job.offsetPath, 'utf8')
    await writeFile(job.path, text)
    const { fetch, requestCount } = createFakeCollector()
    const report = await job.run({ fetch })
    expect(report.stopped).toEqual({
      reason: 'unreadable',
      message: `cannot read events.ndjson: ${message}`,
    })
    expect(requestCount()).toBe(0)
    expect(await readFile(job.offsetPath, 'utf8')).toBe(before)
  })

  it('goes on in a compressed copy, and from standard input', async () => {
    const text = linesOf(2_000)
    const job = await openJob('events.ndjson', text)
    await job.run({ fetch: failingFrom(2).fetch })
    const copy = `${job.path}.gz`
    await writeFile(copy, gzipSync(text))
    expect((await job.run({ fetch: failingFrom(2).fetch }, copy)).resumedAfterLine).toBeGreaterThan(400)
    const rest = createFakeCollector()
    expect(await job.run({ fetch: rest.fetch }, '-')).toMatchObject({ records: 2_000, sent: { dropped: 0 } })
    expect(rest.events.length).toBeLessThan(1_500)
  })

  it('does not read ahead without end while nothing can be noted', async () => {
    const job = await openJob('events.ndjson', linesOf(600) + `${' '.repeat(60)}\n`.repeat(200_000))
    let records = 0
    let restedAt: number | undefined
    const fake = createFakeCollector()
    const report = await job.run({
      onProgress: (progress) => {
        records = progress.records
      },
      async fetch(url, init) {
        // Answers when reading has come to rest.
        for (let before = -1, calm = 0; calm < 5; calm = records === before && records > 0 ? calm + 1 : 0) {
          before = records
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
        restedAt ??= records
        return await fake.fetch(url, init)
      },
    })
    expect(report.records).toBe(200_600)
    expect(restedAt).toBeLessThan(60_000)
  })

  it('stops when it cannot note how far it is', async () => {
    const job = await openJob('events.ndjson', linesOf(50))
    const resume = { path: join(job.path, 'offset.json'), earlier: undefined }
    const report = await job.run({ fetch: createFakeCollector().fetch, resume })
    expect(report.stopped).toEqual({
      reason: 'unwritten',
      message: expect.stringContaining('cannot write the offset file: ENOTDIR'),
    })
  })

  it('neither reads nor writes it in a dry run', async () => {
    const job = await openJob('events.ndjson', linesOf(50))
    expect(await job.run({ isDryRun: true })).toMatchObject({ records: 50, malformed: { count: 5 } })
    expect(await job.readOffset()).toBeUndefined()
    expect(await job.readRejects()).toEqual([10, 20, 30, 40, 50])
  })
})
