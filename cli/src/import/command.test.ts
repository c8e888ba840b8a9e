import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createFakeCollector } from '../access-log/fake-collector.ts'
import { createSink } from '../fakes.ts'
import { runProgram } from '../program.ts'

const EVENTS = [
  '{"type":"track","event":"Signed Up","userId":"u1","timestamp":"2024-03-03T09:00:00Z"}',
  'no JSON \u001b[2J',
  '{"type":"page","timestamp":"2024-03-03T09:00:00Z"}',
  '{"type":"page","anonymousId":"a1","timestamp":"2024-03-03T09:00:00Z"}',
].join('\n')

const TABLE = 'order;made;who;total\nA1;1700000000;u1;9.5\nA2;1700000000;u2;9,5\n'

async function openFolder(files: Record<string, string> = {}): Promise<(name: string) => string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return (name) => join(folder, name)
}

/** Runs `millrace import` with these words, against a collector that takes everything. */
async function run(args: string[], stdin = '') {
  const [stdout, stderr] = [createSink(), createSink()]
  const { fetch, events, urls } = createFakeCollector()
  const exitCode = await runProgram({
    args: ['import', ...args, '--source', 'dev'],
    env: {},
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    fetch,
  })
  return { exitCode, stdout: stdout.text(), stderr: stderr.text(), events, urls: [...urls] }
}

describe('millrace import ndjson', () => {
  it('sends events, counts what is malformed, and writes it to the rejects file', async () => {
    const at = await openFolder()
    const { exitCode, stdout, events, urls } = await run(['ndjson', '-', '--rejects', at('bad')], EVENTS)
    expect([exitCode, urls]).toEqual([0, ['http://127.0.0.1:8787/v1/import']])
    expect(events).toMatchObject([
      { type: 'track', event: 'Signed Up', userId: 'u1' },
      { type: 'page', anonymousId: 'a1', timestamp: '2024-03-03T09:00:00.000Z' },
    ])
    expect(stdout).toContain('4 lines = 2 + 0 + 2, in ')
    expect(stdout).toMatch(/ {4}not JSON +1\n {4}missing_field: userId +1\n/)
    expect(stdout).toContain('line 3: userId or anonymousId is required: {"type":"page"')
    expect(stdout).not.toContain('\u001b')
    const rejects = (await readFile(at('bad'), 'utf8')).trim().split('\n')
    expect(rejects.map((line) => JSON.parse(line))).toEqual([
      { line: 2, reason: 'not JSON', detail: expect.any(String), text: 'no JSON \u001b[2J' },
      { line: 3, reason: 'missing_field: userId', detail: expect.any(String), text: expect.any(String) },
    ])
  })

  it('goes on where an offset file says', async () => {
    const at = await openFolder({ events: `${EVENTS}\n` })
    const args = ['ndjson', at('events'), '--offset-file', at('offset')]
    expect((await run(args)).events).toHaveLength(2)
    const { exitCode, stdout, events } = await run(args)
    expect([exitCode, events]).toEqual([0, []])
    expect(stdout).toContain('events to source dev at http://127.0.0.1:8787, from line 5 on\n')
    expect(stdout).toContain('4 lines = 2 + 0 + 2, in ')
    expect(stdout).not.toContain('times ')
  })

  it('tells the times of what it read itself, in JSON too', async () => {
    const later = '{"type":"track","event":"Left","userId":"u1","timestamp":"2024-03-05T09:00:00Z"}\n'
    const at = await openFolder({ events: `${EVENTS}\n` })
    const args = ['ndjson', at('events'), '--offset-file', at('offset')]
    const first = await run(args)
    expect(first.stdout).toContain('\ntimes 2024-03-03 09:00 to 2024-03-03 09:00 UTC\n')
    expect(first.stdout).toContain(
      '\n  npx millrace query top --source dev --field event --from 2024-03-03\n',
    )
    await appendFile(at('events'), later)
    expect((await run(args)).stdout).toContain(
      '\ntimes 2024-03-05 09:00 to 2024-03-05 09:00 UTC, of this run\n',
    )
    const { stdout } = await run(['ndjson', '-', '--dry-run', '--json'], later)
    const time = '2024-03-05T09:00:00.000Z'
    expect(JSON.parse(stdout)).toMatchObject({ times: { earliest: time, latest: time } })
  })

  it('fails when not one line is of its format', async () => {
    expect((await run(['ndjson', '-'], 'a\nb\n')).exitCode).toBe(1)
    expect((await run(['ndjson', '-'], '')).exitCode).toBe(0)
  })
})

describe('millrace import csv', () => {
  it('sends rows by a mapping of a file and of options, of which the options win', async () => {
    const map = {
      columns: { order: 'messageId', made: 'timestamp', who: 'userId' },
      constants: { event: 'X' },
    }
    const at = await openFolder({ map: JSON.stringify(map) })
    const options = ['--map', at('map'), '--delimiter', ';', '--constant', 'event=Bought']
    const columns = ['--column', 'made=timestamp:seconds', '--column', 'total=properties.total:number']
    const { exitCode, stdout, events } = await run(['csv', '-', ...options, ...columns], TABLE)
    expect(exitCode).toBe(0)
    expect(events).toEqual([
      expect.objectContaining({
        type: 'track',
        messageId: 'A1',
        event: 'Bought',
        userId: 'u1',
        timestamp: '2023-11-14T22:13:20.000Z',
        properties: { total: 9.5 },
      }),
    ])
    expect(stdout).toContain('line 3: column "total" must be a number, got "9,5": A2;1700000000;u2;9,5\n')
    expect(stdout).toContain('2 rows = 1 + 0 + 1, in ')
  })

  it('takes names of columns, and a tab', async () => {
    const args = ['csv', '-', '--header', 'userId,timestamp,event', '--delimiter', 'tab', '--only-mapped']
    const { events } = await run(args, 'u1\t2024-03-03\tE\n')
    expect(events).toMatchObject([{ userId: 'u1', event: 'E' }])
  })

  it('says that header and mapping do not fit, and sends nothing', async () => {
    const { exitCode, stdout, events } = await run(['csv', '-', '--column', 'when=timestamp'], TABLE)
    expect([exitCode, events]).toEqual([1, []])
    expect(stdout).toContain(
      'Stopped: cannot read standard input: its header is one column, "order;made;who;total": give --delimiter ";"\n',
    )
  })
})

describe('wrong usage', () => {
  it.each([
    [['csv', '-', '--delimiter', '::'], '--delimiter must be one character'],
    [['csv', '-', '--delimiter', '"'], '--delimiter must be one character'],
    [['csv', '-', '--map', 'no-such.json'], 'cannot read no-such.json: there is no such file'],
    [['csv', '-', '--column', 'a=b'], '--column a=b must name one of'],
    [['csv', '-', '--constant', 'b'], '--constant must be such as event=Signup'],
    [['csv', '-', '--header', '"a'], '--header must be names'],
    [['ndjson', '-', '--map', 'x'], "unknown option '--map'"],
    [['ndjson', 'x', '--rejects', './x'], 'the file to import and --rejects are the same file, ./x'],
    [
      ['ndjson', '-', '--rejects', 'x', '--offset-file', 'x'],
      '--offset-file and --rejects are the same file',
    ],
    [['ndjson', '-', '--offset-file', 'package.json'], 'package.json is no offset file of an import'],
    [['ndjson', '-', '--rejects', 'no-such/folder'], 'ENOENT'],
    [['ndjson', '-', '--offset-file', 'no-such/folder'], 'ENOENT'],
  ])('of %j is explained and ends with 2', async (args, message) => {
    const { exitCode, stderr } = await run(args)
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)])
  })

  it('of a mapping file names the file and the place', async () => {
    const at = await openFolder({ map: '{"columns":{"a":{"to":"total"}}}', broken: '{' })
    const { stderr } = await run(['csv', '-', '--map', at('map')])
    expect(stderr).toContain(`${at('map')}: columns.a must name one of type, event`)
    expect((await run(['csv', '-', '--map', at('broken')])).stderr).toContain(`${at('broken')}: Expected`)
  })
})
