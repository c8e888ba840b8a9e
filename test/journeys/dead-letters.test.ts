/** What nothing would take, from the fault to the warehouse, by the operator's commands: dead letters, and the spill. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from '../support/command.ts'
import { oneEvent } from '../support/faulty-batches.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { waitFor } from '../support/wait.ts'

let stack: FaultyStack
beforeAll(async () => {
  stack = await startFaultyStack({ config: 'two-sources', variables: { BLOG_SECRET_KEY: 'blog-secret' } })
})
afterAll(() => stack.stop())

/** Runs a command as an operator of a source would. */
function millrace(args: string[], source = 'dev', secretKey = '') {
  const where = ['--source', source, ...(args.includes('--endpoint') ? [] : ['--endpoint', stack.worker.url])]
  const env = { MILLRACE_SECRET_KEY: secretKey }
  return runCommand(process.execPath, ['cli/bin/millrace.mjs', ...args, ...where], env)
}

const asBlog = (...args: string[]) => millrace(args, 'blog', 'blog-secret')

const track = (event: string) => ({ type: 'track', event, userId: 'u', timestamp: new Date().toISOString() })

/** Each event of a stream, and how many rows it has. */
const stored = (stream: string) =>
  stack.query<{ event: string; rows: number }>(
    `SELECT event, toUInt32(count()) AS rows FROM events FINAL
     WHERE source = 'dev' AND stream = {stream:String} GROUP BY event ORDER BY event`,
    { stream },
  )

describe('a batch that ClickHouse refuses', () => {
  let key: string
  let bodies: unknown[]

  beforeAll(async () => {
    await stack.query("ALTER TABLE events ADD CONSTRAINT no_poison CHECK event != 'poison'")
    await stack.query("ALTER TABLE quarantine ADD CONSTRAINT no_poison CHECK reason != 'not_storable'")
    bodies = [track('before'), track('poison'), track('after')]
    expect((await stack.post({ stream: 'mixed', firstSeq: 1, batch: bodies })).status).toBe(200)
    const keys = await waitFor(
      () => stack.worker.listObjects('dead/'),
      (found) => found.length === 1,
    )
    key = keys[0] ?? ''
  })

  it('is listed and shown, by its key and by its id', async () => {
    const list = await millrace(['dead', 'list'])
    expect([list.code, list.stderr]).toEqual([0, ''])
    expect(list.stdout).toMatch(/^1 dead letter of dev, 3 events\n/)
    expect(list.stdout).toMatch(/ {2}refused +dev +warehouse +3 +\w+ +.*no_poison/)
    const id = /([^/]+)\.json$/.exec(key)?.[1] ?? ''
    for (const named of [key, id]) {
      const show = await millrace(['dead', 'show', named, '--json'])
      expect(JSON.parse(show.stdout)).toMatchObject({
        key,
        kind: 'refused',
        source: 'dev',
        sink: 'warehouse',
        envelope: { events: [{ event: 'before' }, { event: 'poison', messageId: 'mixed-2' }, {}] },
      })
    }
    const none = await millrace(['dead', 'list', '--sink', 'quarantine'])
    expect(none.stdout).toBe('no dead letters of dev are like that\n')
  })

  it('is nothing to another source', async () => {
    expect((await asBlog('dead', 'list')).stdout).toBe('there are no dead letters of blog\n')
    const show = await asBlog('dead', 'show', key)
    expect([show.code, show.stdout]).toEqual([1, ''])
    expect(show.stderr).toContain('source "blog" has no such dead letter')
    const replay = await asBlog('dead', 'replay', key)
    expect([replay.code, replay.stdout.includes('gone already  1')]).toEqual([0, true])
    const stolen = await millrace(['dead', 'list'], 'dev', 'blog-secret')
    expect([stolen.code, stolen.stdout]).toEqual([1, ''])
    expect(stolen.stderr).toContain('this key is of source "blog"')
    expect(await stack.worker.listObjects('dead/')).toEqual([key])
  })

  it('is in the warehouse once after the fault is mended and the letter replayed', async () => {
    await stack.query('ALTER TABLE events DROP CONSTRAINT no_poison')
    await stack.query('ALTER TABLE quarantine DROP CONSTRAINT no_poison')
    const dryRun = await millrace(['dead', 'replay', '--all', '--dry-run'])
    expect(dryRun.stdout).toMatch(/would be replayed +1\n/)
    const replay = await millrace(['dead', 'replay', '--all'])
    expect([replay.code, replay.stderr]).toEqual([0, ''])
    expect(replay.stdout).toMatch(/ {2}replayed +1 /)
    const rows = await waitFor(
      () => stored('mixed'),
      (found) => found.length === 3,
    )
    expect(rows).toEqual(['after', 'before', 'poison'].map((event) => ({ event, rows: 1 })))
    expect(await stack.worker.listObjects('dead/')).toEqual([])
    const again = await millrace(['dead', 'replay', key])
    expect([again.code, again.stdout.includes('gone already  1')]).toEqual([0, true])
  })

  it('stays a letter while the queue does not take it', async () => {
    await stack.query("ALTER TABLE events ADD CONSTRAINT no_poison CHECK event != 'poison'")
    await stack.query("ALTER TABLE quarantine ADD CONSTRAINT no_poison CHECK reason != 'not_storable'")
    await stack.post({ stream: 'second', firstSeq: 1, batch: [track('poison')] })
    const isThere = (keys: string[]) => keys.length === 1
    const keys = await waitFor(() => stack.worker.listObjects('dead/'), isThere)
    await stack.setFaults('', { queue: 'refuse' })
    const failed = await millrace(['dead', 'replay', '--all'])
    expect([failed.code, failed.stdout]).toEqual([1, expect.stringContaining('refused by the test')])
    expect(await stack.worker.listObjects('dead/')).toEqual(keys)
    await stack.setFaults('', { queue: 'none' })
    await stack.query('ALTER TABLE events DROP CONSTRAINT no_poison')
    await stack.query('ALTER TABLE quarantine DROP CONSTRAINT no_poison')
    expect((await millrace(['dead', 'replay', '--all'])).code).toBe(0)
    const rows = await waitFor(
      () => stored('second'),
      (found) => found.length === 1,
    )
    expect(rows).toEqual([{ event: 'poison', rows: 1 }])
  })
})

describe('a part of the lake that was put aside', () => {
  const parts = () => stack.worker.listObjects('parts/source=dev/')
  const publish = async () => {
    await stack.worker.triggerCron()
    return parts()
  }

  it('is listed, nothing to another source, and published after a replay', async () => {
    expect((await stack.post({ stream: 'part', firstSeq: 1, batch: [track('lake')] })).status).toBe(200)
    const [part = ''] = await waitFor(parts, (keys) => keys.length > 0)
    const bytes = await stack.worker.readBytes(part)
    if (bytes === undefined) throw new Error(`there is no ${part}`)
    const key = `dead/${part}`
    await stack.worker.putObject(key, bytes)
    await waitFor(publish, (keys) => !keys.includes(part))

    expect((await millrace(['dead', 'list', '--kind', 'part'])).stdout).toMatch(/ {2}part +dev /)
    expect((await millrace(['dead', 'show', key])).stdout).toContain('It is a part of the lake.')
    expect((await asBlog('dead', 'show', key)).code).toBe(1)
    expect((await asBlog('dead', 'replay', key)).stdout).toContain('gone already  1')

    expect((await millrace(['dead', 'replay', '--kind', 'part'])).code).toBe(0)
    expect(await parts()).toContain(part)
    expect(await stack.worker.listObjects('dead/')).toEqual([])
    await waitFor(publish, (keys) => !keys.includes(part))
    expect(await stack.worker.listObjects('dead/')).toEqual([])
  })
})

describe('batches that the queue did not take', () => {
  const streams = ['spilled-a', 'spilled-b', 'spilled-c']

  beforeAll(async () => {
    for (const stream of streams) {
      await stack.setFaults(stream, { queue: 'refuse' })
      expect((await stack.postTo(stream, oneEvent(stream))).status).toBe(200)
    }
  })

  it('are listed by count and age, without content', async () => {
    const { code, stdout } = await asBlog('spill', 'list')
    expect([code, stdout.split('\n')[0]]).toEqual([
      0,
      expect.stringMatching(/^3 objects of all sources, [\d,]+ bytes, the oldest \d+ seconds old$/),
    ])
    expect(stdout).not.toContain('Fault')
  })

  it('stay while the queue does not take them, and are told', async () => {
    await stack.setFaults('', { queue: 'refuse' })
    const { code, stdout } = await millrace(['spill', 'drain'])
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(
        /^nothing was sent; 3 objects left, the oldest \d+ seconds old: .*refused by the test\n$/,
      ),
    ])
    await stack.setFaults('', { queue: 'none' })
  })

  it('are in the warehouse once after a drain', async () => {
    const { code, stdout } = await millrace(['spill', 'drain'])
    expect([code, stdout]).toEqual([0, '3 messages of 3 objects sent to the queue; the spill is empty\n'])
    const rows = await waitFor(
      () => stack.countRows('spilled-'),
      (found) => found.size === 3,
    )
    expect([...rows.values()]).toEqual([1, 1, 1])
    expect((await millrace(['spill', 'list'])).stdout).toBe('the spill is empty: the queue has everything\n')
  })
})

describe('an operator who cannot ask', () => {
  it.each([
    ['dead', 'list'],
    ['spill', 'drain'],
  ])('is told why: %s %s', async (...args) => {
    const wrongKey = await millrace(args, 'dev', 'wrong')
    expect([wrongKey.code, wrongKey.stderr]).toEqual([1, 'millrace: no source has this key (HTTP 401)\n'])
    const away = await millrace([...args, '--endpoint', 'http://127.0.0.1:9'])
    expect(away.code).toBe(1)
  })
})
