/** What a run of publishing does with what it finds, on R2 as the runtime has it. */

import { env } from 'cloudflare:workers'
import type { EnvelopeEvent } from '@millrace/schemas'
import { encodeLakeFile, manifestKey } from '@millrace/schemas/lake'
import { describe, expect, it } from 'vitest'
import { createEnvelopeFor } from '../fakes.ts'
import { buildBatch } from './batch.ts'
import { type LakeState, LEASE_KEY, LEASE_MS, type Lease, withLease } from './lease.ts'
import { readManifest } from './manifest-store.ts'
import { idsOf } from './merge.ts'
import { type PublishOptions, publishLake } from './publish.ts'
import type { PublishEffects } from './publish-round.ts'
import { readBatches } from './published-file.ts'
import { createLakeSink } from './sink.ts'
import { sweepSource } from './sweep.ts'

const HOUR_MS = 3_600_000
const NOON = Date.UTC(2026, 10, 21, 12)

/** Sends events of one message each, received at `receivedAt`. */
async function send(source: string, events: Partial<EnvelopeEvent>[], receivedAt = NOON) {
  const outcomes = await createLakeSink({ bucket: env.LAKE }).write(
    events.map((event, index) => {
      const envelope = createEnvelopeFor(String(event.messageId))
      const whole = { ...envelope.events[0], timestamp: receivedAt, ...event } as EnvelopeEvent
      return { messageId: String(index), envelope: { ...envelope, source, receivedAt, events: [whole] } }
    }),
  )
  expect(outcomes.every(({ kind }) => kind === 'written')).toBe(true)
}

async function publish(options: PublishOptions & Pick<PublishEffects, 'keep' | 'isHeld'> = {}) {
  const logged: Record<string, unknown>[] = []
  const { keep, isHeld, ...rest } = options
  const report = await publishLake(
    {
      bucket: env.LAKE,
      now: Date.now,
      sleep: async () => {},
      log: (record) => void logged.push(record),
      ...(keep === undefined ? {} : { keep }),
      ...(isHeld === undefined ? {} : { isHeld }),
    },
    rest,
  )
  return { report, logged }
}

/** Ids by file, as a reader sees them. */
async function readAll(source: string): Promise<Record<string, string[]>> {
  const { objects } = await env.LAKE.list({ prefix: `events/source=${source}/` })
  const files: Record<string, string[]> = {}
  for (const object of objects.filter(({ key }) => key.endsWith('.parquet'))) {
    const ids: string[] = []
    for await (const batch of readBatches(env.LAKE, object)) ids.push(...idsOf(batch))
    files[object.key.replace(`events/source=${source}/`, '')] = ids
  }
  return files
}

const partsOf = async (source: string) => (await env.LAKE.list({ prefix: `parts/source=${source}/` })).objects

describe('publishing', () => {
  it('puts each event once into the hour of its client’s clock, and removes the parts', async () => {
    const at = (hour: number) => ({ originalTimestamp: NOON + hour * HOUR_MS })
    await send('clock', [
      { messageId: 'b', ...at(0) },
      { messageId: 'a', ...at(0) },
      { messageId: 'c', ...at(-30) },
    ])
    await send('clock', [{ messageId: 'a', ...at(0) }], NOON + HOUR_MS)
    await publish()
    expect(await readAll('clock')).toEqual({
      'date=2026-11-20/hour=06/bucket-0.parquet': ['c'],
      'date=2026-11-21/hour=12/bucket-0.parquet': ['a', 'b'],
    })
    expect(await partsOf('clock')).toEqual([])
    await send('clock', [{ messageId: 'd', ...at(-30) }])
    await publish()
    expect((await readAll('clock'))['date=2026-11-20/hour=06/bucket-0.parquet']).toEqual(['c', 'd'])
    const { manifest } = await readManifest(env.LAKE, 'clock')
    expect(manifest.files).toMatchObject([
      { path: 'events/source=clock/date=2026-11-20/hour=06/bucket-0.parquet', rows: 2, buckets: 1 },
      { path: 'events/source=clock/date=2026-11-21/hour=12/bucket-0.parquet', rows: 2, withoutClock: 0 },
    ])
  })

  it('finds the copy of an event without a clock that was received in another hour', async () => {
    await send('timeless', [{ messageId: 'a' }, { messageId: 'b' }])
    await publish()
    await send('timeless', [{ messageId: 'a' }, { messageId: 'c' }], NOON + HOUR_MS)
    await send('timeless', [{ messageId: 'c' }], NOON + 2 * HOUR_MS)
    await publish()
    expect(await readAll('timeless')).toEqual({
      'date=2026-11-21/hour=12/bucket-0.parquet': ['a', 'b'],
      'date=2026-11-21/hour=13/bucket-0.parquet': ['c'],
    })
  })

  it('puts a part aside that cannot be read, says so, and publishes the others', async () => {
    await send('spoilt', [{ messageId: 'a' }])
    const key = 'parts/source=spoilt/1795330800000-00ff.parquet'
    await env.LAKE.put(key, encodeLakeFile(buildBatch([createEnvelopeFor('x')])).slice(0, 900))
    const { logged } = await publish()
    expect(logged).toContainEqual(expect.objectContaining({ event: 'part_unreadable', key }))
    expect(Object.values(await readAll('spoilt'))).toEqual([['a']])
    const aside = await env.LAKE.head('dead/parts/source=spoilt/1795330800000-00ff.parquet')
    expect([aside?.size, aside?.customMetadata?.['source']]).toEqual([900, 'spoilt'])
    expect(await partsOf('spoilt')).toEqual([])
  })

  it('leaves a part of a newer Worker for that one', async () => {
    const content = encodeLakeFile(buildBatch([createEnvelopeFor('x')]), { 'millrace.schema_version': '2' })
    await env.LAKE.put('parts/source=newer/1795330800000-00ff.parquet', content)
    await send('newer', [{ messageId: 'a' }])
    const { logged } = await publish()
    expect(logged).toContainEqual(expect.objectContaining({ event: 'part_newer' }))
    expect((await partsOf('newer')).length).toBe(1)
    expect(Object.values(await readAll('newer'))).toEqual([['a']])
  })

  it('leaves a published file alone that it cannot read, and keeps what belongs into it', async () => {
    const key = 'events/source=foreign/date=2026-11-21/hour=12/bucket-0.parquet'
    await env.LAKE.put(key, 'somebody else’s')
    await send('foreign', [{ messageId: 'a' }])
    const { logged } = await publish()
    expect(logged).toContainEqual(expect.objectContaining({ event: 'lake_file_unreadable', key, rows: 1 }))
    expect(await (await env.LAKE.get(key))?.text()).toBe('somebody else’s')
    expect((await partsOf('foreign')).length).toBe(1)
    await env.LAKE.delete(key)
    await publish()
    expect(Object.values(await readAll('foreign'))).toEqual([['a']])
    expect(await partsOf('foreign')).toEqual([])
  })

  it('names what somebody else put among the parts, and does not touch it', async () => {
    await env.LAKE.put('parts/source=stranger/notes.txt', 'x')
    const { logged } = await publish()
    expect(logged).toContainEqual(
      expect.objectContaining({ event: 'parts_foreign', keys: ['parts/source=stranger/notes.txt'] }),
    )
    expect(await env.LAKE.head('parts/source=stranger/notes.txt')).not.toBeNull()
  })

  it('leaves out rows that may not be published', async () => {
    await send('kept', [{ messageId: 'a' }, { messageId: 'b' }])
    await publish({ keep: (_, batch) => idsOf(batch).flatMap((id, row) => (id === 'b' ? [row] : [])) })
    expect(Object.values(await readAll('kept'))).toEqual([['b']])
    expect(await partsOf('kept')).toEqual([])
  })

  it('comes further with each round where parts have very many hours', async () => {
    const hours = Array.from({ length: 12 }, (_, hour) => ({
      messageId: `h${hour}`,
      originalTimestamp: NOON - hour * HOUR_MS,
    }))
    await send('history', hours)
    await send('history', [{ messageId: 'alone' }])
    const { report } = await publish({ roundFiles: 5 })
    expect(report).toMatchObject({ rows: 13, isDone: true })
    expect(
      Object.values(await readAll('history'))
        .flat()
        .sort(),
    ).toEqual(['alone', ...hours.map(({ messageId }) => messageId)].sort())
    expect(await partsOf('history')).toEqual([])
  })

  it('goes on beside a file that cannot be read and has events without a clock', async () => {
    await send('junk', [{ messageId: 'a' }])
    await publish()
    await env.LAKE.put('events/source=junk/date=2026-11-21/hour=12/bucket-0.parquet', 'junk')
    await send('junk', [{ messageId: 'b', originalTimestamp: NOON - 48 * HOUR_MS }], NOON + HOUR_MS)
    await send('junk', [{ messageId: 'c' }], NOON + HOUR_MS)
    const { logged } = await publish()
    expect(logged).toContainEqual(expect.objectContaining({ event: 'lake_file_unreadable' }))
    await env.LAKE.delete('events/source=junk/date=2026-11-21/hour=12/bucket-0.parquet')
    expect(Object.values(await readAll('junk'))).toEqual([['b'], ['c']])
  })

  it('goes on in rounds, with the buckets that an hour began with', async () => {
    for (let part = 0; part < 4; part++) {
      const events = Array.from({ length: 10 }, (_, index) => ({ messageId: `${part}-${index}` }))
      await send('rounds', events, NOON + part)
    }
    const { report } = await publish({ roundRows: 10, loadRows: 3, rowsAFile: 20 })
    expect(report).toMatchObject({ parts: 4, rows: 40, isDone: true })
    const files = await readAll('rounds')
    expect(Object.keys(files)).toEqual([
      'date=2026-11-21/hour=12/bucket-0.parquet',
      'date=2026-11-21/hour=12/bucket-1.parquet',
    ])
    expect(Object.values(files).flat().length).toBe(40)
  })
})

describe('the manifest', () => {
  it('is made anew of the files when it was lost', async () => {
    await send('lost', [{ messageId: 'a' }])
    await publish()
    const before = (await readManifest(env.LAKE, 'lost')).manifest.files
    await env.LAKE.delete(manifestKey('lost'))
    await send('lost', [{ messageId: 'b', originalTimestamp: NOON - HOUR_MS }])
    await publish()
    const { files } = (await readManifest(env.LAKE, 'lost')).manifest
    expect(files.length).toBe(2)
    expect(files).toContainEqual(before[0])
  })

  it('loses files that are gone, and names what is none', async () => {
    await send('gone', [{ messageId: 'a' }, { messageId: 'b', originalTimestamp: NOON - HOUR_MS }])
    await publish()
    await env.LAKE.delete('events/source=gone/date=2026-11-21/hour=11/bucket-0.parquet')
    await env.LAKE.put('events/source=gone/date=2026-11-21/hour=11/mine.parquet', 'x')
    const logged: Record<string, unknown>[] = []
    await sweepSource({ bucket: env.LAKE, now: Date.now, log: (record) => void logged.push(record) }, 'gone')
    expect((await readManifest(env.LAKE, 'gone')).manifest.files.map(({ rows }) => rows)).toEqual([1])
    expect(logged).toContainEqual(expect.objectContaining({ event: 'lake_foreign', count: 1 }))
  })

  it('is not replaced when it cannot be read', async () => {
    await send('odd', [{ messageId: 'a' }])
    await env.LAKE.put(manifestKey('odd'), '{"version":9}')
    const { logged } = await publish()
    expect(logged).toContainEqual(expect.objectContaining({ event: 'publish_failed', source: 'odd' }))
    expect((await partsOf('odd')).length).toBe(1)
  })
})

describe('the lease', () => {
  const clean: LakeState = { unclean: [], sweptOn: '2026-11-21' }
  const take = (now: () => number, work: (lease: Lease) => Promise<LakeState> = async () => clean) =>
    withLease({ bucket: env.LAKE, now, sleep: async () => {}, randomId: () => 'id' }, work)

  it('lets one work at a time, and gives the next what it left', async () => {
    await env.LAKE.delete(LEASE_KEY)
    let inner: boolean | undefined
    const outer = await take(
      () => NOON,
      async () => {
        inner = await take(() => NOON + 1)
        return { unclean: ['shop'], sweptOn: 'today' }
      },
    )
    expect([outer, inner]).toEqual([true, false])
    await take(
      () => NOON + 2,
      async ({ before }) => {
        expect(before).toEqual({ unclean: ['shop'], sweptOn: 'today' })
        return clean
      },
    )
  })

  it.each([
    ['was cut off', JSON.stringify({ id: 'gone', until: NOON + LEASE_MS, ...clean })],
    ['cannot be read', 'x'],
  ])('is taken over from a run that %s, with nothing taken for clean', async (_, text) => {
    await env.LAKE.put(LEASE_KEY, text)
    if (text !== 'x') expect(await take(() => NOON + LEASE_MS - 1)).toBe(false)
    let unclean: LakeState['unclean'] = []
    const ran = await take(
      () => NOON + LEASE_MS,
      async ({ before }) => {
        unclean = before.unclean
        return clean
      },
    )
    expect([ran, unclean]).toEqual([true, 'all'])
  })

  it('is given back when the work fails, with nothing taken for clean', async () => {
    await env.LAKE.delete(LEASE_KEY)
    await expect(
      take(
        () => NOON,
        () => Promise.reject(new Error('no')),
      ),
    ).rejects.toThrow('no')
    await take(
      () => NOON,
      async ({ before }) => {
        expect(before.unclean).toBe('all')
        return clean
      },
    )
  })

  it('is lost before another one may take it, and then no file is written', async () => {
    await env.LAKE.delete(LEASE_KEY)
    let at = NOON
    await take(
      () => at,
      async ({ isHeld }) => {
        expect(isHeld()).toBe(true)
        at += LEASE_MS - 1_000
        expect(isHeld()).toBe(false)
        return clean
      },
    )
    await send('late', [{ messageId: 'a' }])
    const { logged } = await publish({ isHeld: () => false })
    expect(logged).toContainEqual(expect.objectContaining({ event: 'publish_failed', source: 'late' }))
    expect([await readAll('late'), (await partsOf('late')).length]).toEqual([{}, 1])
  })
})
