/** Events of the lake go into ClickHouse again, whatever happens on the way. */

import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { forgottenHash } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { change, envelopeOf, prepareReplay, SHADOW, SOURCES, time } from '../support/replay.ts'

const given = prepareReplay()
const { replay, begin, publish, ids } = given

describe('a replay', () => {
  const hourly = Array.from({ length: 6 }, (_, hour) => ({
    messageId: `h${hour}`,
    timestamp: time(hour * 60 + 10),
    originalTimestamp: time(hour * 60 + 10),
    userId: `u${hour}`,
  }))
  const at = (hour: number, minute = 0) => new Date(time(hour * 60 + minute)).toISOString()
  const others = hourly.filter(({ messageId }) => messageId !== 'h3')

  it('loads the events of the range, and tells what the lake has not', async () => {
    await publish('shop', [[envelopeOf('shop', others, time(700))]])
    const range = ['--source', 'shop', '--from', at(1, 10), '--to', at(5)]
    const dry = await replay([...range, '--dry-run'])
    expect(dry).toEqual({
      code: 0,
      stdout: 'source shop: 3 files with 3 rows\ndry run, nothing was loaded\n',
      stderr: 'source shop: the lake has nothing for 1 hour: 2026-11-01 01:00 – 02:00\n',
    })
    const outcome = await replay(range)
    expect(outcome).toMatchObject({ code: 0, stderr: dry.stderr })
    expect(outcome.stdout).toMatch(/^3 rows of 3 files loaded into millrace\n/)
    expect(await ids()).toEqual(['h1', 'h2', 'h4'])
    // Again, and again all of it: nothing is there twice.
    expect(await replay(range)).toMatchObject({ code: 0 })
    expect(await replay(['--source', 'shop'])).toMatchObject({ code: 0 })
    await given.warehouse.recompute()
    const [row] = await given.warehouse.query<{ events: string }>(
      'SELECT sum(events) AS events FROM rollup_hour FINAL',
    )
    expect(Number(row?.events)).toBe(5)
  })

  it('does not bring back who is forgotten', async () => {
    await publish('shop', [
      [envelopeOf('shop', [...hourly, change('c', '$correct', 'h1', { userId: 'u2' })], time(700))],
    ])
    const hash = async (kind: 'user' | 'message', id: string) =>
      `('shop', '${await forgottenHash(kind, id)}', '${kind}')`
    await given.warehouse.run(
      `INSERT INTO forgotten (source, id_hash, kind) VALUES ${await hash('user', 'u2')}, ${await hash('message', 'h4')}`,
    )
    for (const more of [[], ['--into', 'shadow']]) {
      const outcome = await replay(['--source', 'shop', ...more])
      expect(outcome.stdout).toContain('3 events left out, because they name somebody who is forgotten\n')
    }
    expect(await ids()).toEqual(['h0', 'h1', 'h3', 'h5'])
    expect(await replay(['--rebuild', '--yes'])).toMatchObject({ code: 0 })
    expect(await ids()).toEqual(['h0', 'h1', 'h3', 'h5'])
  })

  it('names files that are broken or missing, and loads the others', async () => {
    await publish('shop', [[envelopeOf('shop', hourly, time(700))]])
    const path = (hour: string) =>
      join(given.lake, `events/source=shop/date=2026-11-01/hour=${hour}/bucket-0.parquet`)
    await rm(path('00'))
    await writeFile(path('01'), (await readFile(path('01'))).fill(0, 10, 200))
    const outcome = await replay(['--source', 'shop'])
    expect(outcome.code).toBe(3)
    expect(outcome.stdout).toContain('2 files could not be read:\n')
    expect(outcome.stdout).toContain('hour=00/bucket-0.parquet: there is no file ')
    expect(outcome.stdout).toContain(
      'hour=01/bucket-0.parquet: events/source=shop/date=2026-11-01/hour=01/bucket-0.parquet has other content than its SHA-256',
    )
    expect(await ids()).toEqual(['h0', 'h1', 'h4', 'h5'])
    // Mended, only those are loaded.
    await publish('shop', [[envelopeOf('shop', hourly, time(700))]])
    const again = await replay(['--source', 'shop'])
    expect(again).toMatchObject({ code: 0 })
    expect(again.stdout).toContain('2 rows of 2 files loaded into millrace\n4 files had been loaded before\n')
    expect(await ids()).toEqual(['h0', 'h1', 'h2', 'h3', 'h4', 'h5'])
  })

  it('goes on after an interruption', async () => {
    await publish('shop', [[envelopeOf('shop', hourly, time(700))]])
    const interruption = new AbortController()
    let inserts = 0
    const ownFetch: typeof fetch = async (url, init) => {
      if (String(url).includes('FORMAT+Native') && ++inserts === 3) interruption.abort()
      return fetch(url, init)
    }
    const args = ['--source', 'shop', '--rate', '1.5']
    const cut = await replay(args, { signal: interruption.signal, fetch: ownFetch })
    expect(cut.code).toBe(130)
    expect(cut.stderr).toMatch(/interrupted; \d of 6 files are done\. The same command again goes on\.\n$/)
    const state = join(given.folder, 'state.json')
    expect(await readFile(state, 'utf8')).toContain('hour=22/bucket-0.parquet')
    const next = await replay(args)
    expect(next).toMatchObject({ code: 0 })
    expect(next.stdout).toMatch(/\d files had been loaded before\n/)
    expect(await ids()).toEqual(['h0', 'h1', 'h2', 'h3', 'h4', 'h5'])
    await expect(readFile(state)).rejects.toThrow('ENOENT')
  })

  it('begins anew when the tables are other ones', async () => {
    await publish('shop', [[envelopeOf('shop', hourly, time(700))]])
    const interruption = new AbortController()
    const ownFetch: typeof fetch = async (url, init) => {
      const response = await fetch(url, init)
      if (String(url).includes('FORMAT+Native')) setTimeout(() => interruption.abort(), 100)
      return response
    }
    const args = ['--source', 'shop', '--rate', '1']
    expect((await replay(args, { signal: interruption.signal, fetch: ownFetch })).code).toBe(130)
    await begin()
    expect(await replay(['--source', 'shop', '--rate', '1'])).toMatchObject({ code: 0 })
    expect(await ids()).toEqual(['h0', 'h1', 'h2', 'h3', 'h4', 'h5'])
  })

  it('changes events by the transform, also where they are stored already', async () => {
    const envelopes = [envelopeOf('shop', hourly, time(700))]
    await given.warehouse.write(envelopes)
    await publish('shop', [envelopes])
    const ownConfig = join(given.folder, 'transform.config.mjs')
    const write = (body: string) =>
      writeFile(
        ownConfig,
        `export default { sources: [{ name: 'shop', writeKeys: ['k'] }] }\nexport const transform = (event, { source }) => { ${body} }`,
      )
    await write(`if (event.message_id === 'h1') return null
      if (event.message_id === 'h2') throw new Error('no')
      if (event.message_id === 'h3') return event
      return { ...event, country: source, properties: { ...event.properties, 'a.b': 1 } }`)
    const args = ['--source', 'shop', '--transform', '--config', ownConfig]
    const failed = await replay(args)
    expect(failed).toMatchObject({ code: 1 })
    expect(failed.stderr).toContain('millrace: transform fails on the event h2 of shop: no\n')
    const outcome = await replay([...args, '--skip-failed'])
    expect(outcome.stdout).toContain(
      '4 rows of 6 files loaded into millrace\n3 events changed by the transform\n1 event left out by the transform\n1 event passed over',
    )
    const countries = 'SELECT message_id, country, properties FROM events FINAL ORDER BY message_id'
    expect(await given.warehouse.query(countries)).toEqual(
      hourly.map(({ messageId }) =>
        ['h1', 'h2', 'h3'].includes(messageId)
          ? { message_id: messageId, country: '', properties: {} }
          : { message_id: messageId, country: 'shop', properties: { 'a.b': 1 } },
      ),
    )
    // Made anew, what it leaves out is not there.
    expect(await replay([...args, '--skip-failed', '--rebuild', '--yes'])).toMatchObject({ code: 0 })
    expect(await ids()).toEqual(['h0', 'h2', 'h3', 'h4', 'h5'])
    expect(await ids("country = 'shop'")).toEqual(['h0', 'h4', 'h5'])
  })

  it('reads through the collector, with the token of each source', async () => {
    const tokens: Record<string, string> = { shop: 'shop-token', blog: 'blog-token' }
    for (const source of SOURCES)
      await publish(source, [[envelopeOf(source, [{ messageId: `of-${source}` }], time(700))]])
    const endpoint = 'http://collector.test'
    const ownFetch: typeof fetch = async (input, init) => {
      const url = new URL(String(input))
      if (url.origin !== endpoint) return fetch(input, init)
      const token = new Headers(init?.headers).get('authorization')?.slice('Bearer '.length)
      const source = SOURCES.find((name) => tokens[name] === token)
      const path = url.pathname.replace('/v1/lake/files/', '').replace('/v1/lake/manifest', '_manifest.json')
      return new Response(await readFile(join(given.lake, `events/source=${source}`, path)))
    }
    const ownConfig = join(given.folder, 'tokens.config.mjs')
    const sources = SOURCES.map((name) => ({
      name,
      writeKeys: [name],
      readTokenVar: `${name.toUpperCase()}_READ`,
    }))
    await writeFile(ownConfig, `export default ${JSON.stringify({ sources })}`)
    const typed = { fetch: ownFetch, from: ['--endpoint', endpoint] }
    const args = ['--rebuild', '--yes', '--config', ownConfig]
    const refused = await replay(args, typed)
    expect(refused).toMatchObject({ code: 2 })
    expect(refused.stderr).toContain('the read token of the source shop is needed')
    const env = { SHOP_READ: 'shop-token', BLOG_READ: 'blog-token' }
    expect(await replay(args, { ...typed, env })).toMatchObject({ code: 0 })
    expect(await ids()).toEqual(['of-blog', 'of-shop'])
  })

  it('into the shadow leaves live alone', async () => {
    await publish('shop', [[envelopeOf('shop', hourly, time(700))]])
    const outcome = await replay(['--source', 'shop', '--into', 'shadow'])
    expect(outcome.stdout).toMatch(/^6 rows of 6 files loaded into millrace_shadow\n$/)
    expect(await ids()).toEqual([])
    const [row] = await given.warehouse.query<{ events: string }>(
      `SELECT sum(events) AS events FROM ${SHADOW}.rollup_minute FINAL`,
    )
    expect(Number(row?.events)).toBe(6)
    expect(await replay(['--drop-old', '--yes'])).toMatchObject({
      code: 0,
      stdout: 'millrace_shadow is dropped\n',
    })
  })
})
