/** What the sink puts to R2, and what it answers. */

import { env } from 'cloudflare:workers'
import { bytesOf, openLakeFile, parsePartKey } from '@millrace/schemas/lake'
import { describe, expect, it } from 'vitest'
import { createEnvelopeFor } from '../fakes.ts'
import type { LakeBucket } from './bucket.ts'
import { idsOf } from './merge.ts'
import { createLakeSink } from './sink.ts'

const deliver = (id: string, source = 'shop') => ({
  messageId: id,
  envelope: { ...createEnvelopeFor(id), source, receivedAt: 1_795_330_800_123 },
})

async function listParts(source: string) {
  const { objects } = await env.LAKE.list({ prefix: `parts/source=${source}/`, include: ['customMetadata'] })
  return objects
}

describe('the lake sink', () => {
  it('writes a part for each source of a batch, with its rows in the order of their ids', async () => {
    const outcomes = await createLakeSink({ bucket: env.LAKE }).write([
      deliver('b', 'one'),
      deliver('x', 'two'),
      deliver('a', 'one'),
    ])
    expect(outcomes).toEqual([{ kind: 'written' }, { kind: 'written' }, { kind: 'written' }])
    const [part] = await listParts('one')
    expect(parsePartKey(part?.key ?? '')).toEqual({ source: 'one', receivedAt: 1_795_330_800_123 })
    expect(part?.customMetadata).toEqual({ rows: '2' })
    const content = await (await env.LAKE.get(part?.key ?? ''))?.arrayBuffer()
    const file = await openLakeFile(bytesOf(content ?? new ArrayBuffer()))
    for await (const batch of file.batches()) expect(idsOf(batch)).toEqual(['a', 'b'])
    expect((await listParts('two')).length).toBe(1)
  })

  it('writes the same object again when the same messages come again', async () => {
    const sink = createLakeSink({ bucket: env.LAKE })
    for (let time = 0; time < 2; time++) await sink.write([deliver('a', 'again'), deliver('b', 'again')])
    await sink.write([deliver('a', 'again')])
    expect((await listParts('again')).length).toBe(2)
  })

  it('writes nothing for messages without an accepted event', async () => {
    const envelope = { ...createEnvelopeFor('q'), source: 'none', events: [] }
    expect(await createLakeSink({ bucket: env.LAKE }).write([{ messageId: 'q', envelope }])).toEqual([
      { kind: 'written' },
    ])
    expect(await listParts('none')).toEqual([])
  })

  it('asks for another try for the messages of a source whose part failed', async () => {
    const bucket: Pick<LakeBucket, 'put'> = {
      async put(key) {
        if (key.includes('source=bad')) throw new Error('away')
        return null
      },
    }
    const outcomes = await createLakeSink({ bucket }).write([deliver('a'), deliver('b', 'bad'), deliver('c')])
    expect(outcomes.map(({ kind }) => kind)).toEqual(['written', 'retry', 'written'])
  })
})
