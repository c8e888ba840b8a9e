import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import {
  batchOfRows,
  bytesOf,
  createManifest,
  encodeLakeFile,
  encodeManifest,
  type ManifestFile,
  openLakeFile,
  parseManifest,
  updateManifest,
} from '@millrace/schemas/lake'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSink } from '../fakes.ts'
import { type ProgramOptions, runProgram } from '../program.ts'

const HOUR = Date.UTC(2026, 10, 21, 11)

/** A file of rows a minute apart; `first` is the number of the first. */
function createFile(
  hour: string,
  first: number,
  count: number,
): { entry: ManifestFile; content: Uint8Array<ArrayBuffer> } {
  const times = Array.from({ length: count }, (_, at) => HOUR + (first + at) * 60_000)
  const content = encodeLakeFile(
    batchOfRows(
      times.map((time, at) => ({
        message_id: `m-${first + at}`,
        timestamp: time * 1_000,
        received_at: time * 1_000,
        country: at % 2 === 0 ? 'DE' : 'FR',
      })),
    ),
  )
  const entry = {
    path: `events/source=dev/date=2026-11-21/hour=${hour}/bucket-0.parquet`,
    rows: count,
    bytes: content.byteLength,
    minTime: new Date(times[0] ?? 0).toISOString(),
    maxTime: new Date(times.at(-1) ?? 0).toISOString(),
    sha256: createHash('sha256').update(content).digest('hex'),
    idSum: '0000000000000000',
    buckets: 1,
    withoutClock: 0,
    schemaVersion: 1,
  }
  return { entry, content }
}

let out: string
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'millrace-export-'))
})
afterEach(() => rm(out, { recursive: true, force: true }))

/** A collector that has these files; what a test puts into `contents` instead is sent. */
function createLake(files: readonly ReturnType<typeof createFile>[]) {
  const contents = new Map(files.map(({ entry, content }) => [entry.path, content]))
  const lake = {
    contents,
    entries: files.map(({ entry }) => entry),
    asked: [] as string[],
    onAsk: (_path: string) => {},
  }
  const fetch = async (url: string) => {
    const path = new URL(url).pathname.replace('/v1/lake/', '')
    lake.asked.push(path)
    lake.onAsk(path)
    if (path === 'manifest') {
      const manifest = updateManifest(createManifest('dev'), { files: lake.entries }, HOUR)
      return new Response(encodeManifest(manifest))
    }
    const content = contents.get(path.replace('files/', 'events/source=dev/'))
    if (content !== undefined) return new Response(content)
    return new Response('{"code":"no_such_file","message":"no such file"}', { status: 404 })
  }
  return { lake, fetch }
}

async function run(fetch: unknown, args: string[], signal?: AbortSignal) {
  const [stdout, stderr] = [createSink(), createSink()]
  const options = {
    args: ['export', '--source', 'dev', '--out', out, ...args],
    env: {},
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    fetch,
    signal,
  }
  const exitCode = await runProgram(options as unknown as ProgramOptions)
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() }
}

const readOut = (path: string) => readFile(join(out, path))
const at = (minute: number) => new Date(HOUR + minute * 60_000).toISOString()

describe('millrace export', () => {
  it('copies whole files, and says what it did', async () => {
    const files = [createFile('11', 0, 60), createFile('12', 60, 3)]
    const { fetch } = createLake(files)
    const { exitCode, stdout, stderr } = await run(fetch, [])
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stdout).toBe(`63 events in 2 files in ${join(out, 'events/source=dev')}/ (2 files fetched)\n`)
    for (const { entry, content } of files)
      expect(new Uint8Array(await readOut(entry.path))).toEqual(new Uint8Array(content))
    const parsed = parseManifest(String(await readOut('events/source=dev/_manifest.json')), 'dev')
    expect(parsed).toMatchObject({ ok: true, manifest: { files: files.map(({ entry }) => entry) } })
  })

  it('cuts files at the ends of the range alone, and leaves out those outside', async () => {
    const files = [createFile('11', 0, 60), createFile('12', 60, 60), createFile('13', 120, 60)]
    const { lake, fetch } = createLake(files)
    const { stdout } = await run(fetch, ['--from', at(50), '--to', at(120), '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ files: 2, rows: 70, fetched: 2, removed: 0 })
    expect(lake.asked).toHaveLength(3)
    const [cut, whole] = files.map(({ entry }) => entry.path)
    expect(new Uint8Array(await readOut(whole ?? ''))).toEqual(new Uint8Array(files[1]?.content ?? []))
    const bytes = new Uint8Array(await readOut(cut ?? ''))
    expect((await openLakeFile(bytesOf(bytes.buffer))).rows).toBe(10)
    const parsed = parseManifest(String(await readOut('events/source=dev/_manifest.json')), 'dev')
    expect(parsed.ok && parsed.manifest.files[0]).toMatchObject({
      rows: 10,
      minTime: at(50),
      maxTime: at(59),
    })
  })

  it('is a file as it is where the filters take all of it, and none where they take nothing', async () => {
    const file = createFile('11', 0, 3)
    const { fetch } = createLake([file])
    await run(fetch, ['--where', 'country:in:DE,FR'])
    expect(new Uint8Array(await readOut(file.entry.path))).toEqual(new Uint8Array(file.content))
    await rm(out, { recursive: true })
    const { stdout } = await run(fetch, ['--where', 'country:is:AT', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ files: 0, rows: 0, fetched: 1 })
    const names = await readdir(out, { recursive: true })
    expect(names.filter((name) => name.includes('bucket-'))).toEqual([])
    const { lake, fetch: again } = createLake([file])
    await run(again, ['--where', 'country:is:AT'])
    expect(lake.asked).toEqual(['manifest'])
  })

  it('reads the manifest again when a file is replaced meanwhile', async () => {
    const [before, after] = [createFile('11', 0, 3), createFile('11', 0, 5)]
    const { lake, fetch } = createLake([before])
    lake.contents.set(before.entry.path, after.content)
    // The manifest follows only when it is asked for again.
    lake.onAsk = () => {
      if (lake.asked.length > 1) lake.entries = [after.entry]
    }
    const { exitCode, stdout } = await run(fetch, ['--json'])
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { rows: 5, fetched: 1, failed: [] }])
  }, 20_000)

  it('names what cannot be read, and has the rest', async () => {
    const [good, missing, bad] = [createFile('11', 0, 3), createFile('12', 60, 3), createFile('13', 120, 3)]
    const junk = new TextEncoder().encode('junk')
    bad.content = junk
    bad.entry.sha256 = createHash('sha256').update(junk).digest('hex')
    const { lake, fetch } = createLake([good, missing, bad])
    lake.contents.delete(missing.entry.path)
    const { exitCode, stdout, stderr } = await run(fetch, ['--format', 'csv'])
    expect(exitCode).toBe(3)
    expect(stdout).toContain('3 events in 1 file in ')
    expect(stdout).toContain('2 could not be read')
    expect(stderr).toContain(`millrace: ${missing.entry.path}: no such file\n`)
    expect(stderr).toContain(`millrace: ${bad.entry.path}: it is no whole Parquet file`)
  })

  it('keeps what a killed run has written, and fetches only the rest', async () => {
    const files = [createFile('11', 0, 3), createFile('12', 60, 3)] as const
    const { fetch } = createLake(files)
    await run(fetch, [])
    const state = join(out, 'events/source=dev/_export.json')
    const remembered = JSON.parse(await readFile(state, 'utf8'))
    await writeFile(state, JSON.stringify({ ...remembered, files: {} }))
    await rm(join(out, files[1].entry.path))
    const { lake, fetch: again } = createLake(files)
    const { stdout } = await run(again, ['--json'])
    expect(JSON.parse(stdout)).toMatchObject({ fetched: 1, kept: 1 })
    expect(lake.asked).toHaveLength(2)
  })

  it('says how to go on when it is interrupted', async () => {
    const controller = new AbortController()
    const { lake, fetch } = createLake([createFile('11', 0, 3)])
    lake.onAsk = (path) => {
      if (path !== 'manifest') controller.abort()
    }
    lake.contents.clear()
    const failing = async (url: string) => {
      const response = await fetch(url)
      controller.signal.throwIfAborted()
      return response
    }
    const { exitCode, stderr } = await run(failing, [], controller.signal)
    expect([exitCode, stderr]).toEqual([130, 'millrace: interrupted; the same command goes on from here\n'])
  })

  it.each([
    [['--from', 'soon'], '--from must be a time from 1970 to 2099'],
    [['--format', 'xls'], '--format must be one of parquet, ndjson, csv, got "xls"'],
    [['--where', 'country'], '--where country: must have a field, an op'],
    [['--where', 'nope:is:1'], '--where nope:is:1: field must be one of message_id'],
    [['--source', 'Shop'], '--source must be 1 to 64'],
    [['--source', 'shop'], 'the read token of the source shop is needed'],
  ])('refuses %j', async (args, message) => {
    const { lake, fetch } = createLake([])
    const { exitCode, stderr } = await run(fetch, args)
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)])
    expect(lake.asked).toEqual([])
  })

  it('refuses a folder of another export, and one with files of its own', async () => {
    const { fetch } = createLake([createFile('11', 0, 3)])
    await run(fetch, ['--where', 'country:is:DE'])
    const other = await run(fetch, ['--from', '2026-11-01'])
    expect([other.exitCode, other.stderr]).toEqual([
      2,
      expect.stringContaining(
        'holds an export of --format parquet --where country:is:DE, not of --format parquet --from 2026-11-01',
      ),
    ])
    await rm(join(out, 'events'), { recursive: true })
    await mkdir(join(out, 'events/source=dev/date=2026-11-21'), { recursive: true })
    const foreign = await run(fetch, [])
    expect([foreign.exitCode, foreign.stderr]).toEqual([
      2,
      expect.stringContaining('files that are of no export'),
    ])
  })
})
