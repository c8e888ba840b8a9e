import { env } from 'cloudflare:workers'
import type { Envelope, QuarantinedEvent } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { createEnvelopeFor } from '../fakes.ts'
import { buildQuarantineTexts } from './lines.ts'
import { createQuarantineSink } from './sink.ts'

function refuse(messageId: string, more: Partial<QuarantinedEvent> = {}): QuarantinedEvent {
  const raw = `{"messageId":"${messageId}"}`
  return {
    messageId,
    index: 0,
    reason: 'unknown_type',
    path: 'type',
    message: 'm',
    raw,
    rawBytes: raw.length,
    ...more,
  }
}

function deliver(messageId: string, quarantined: QuarantinedEvent[], more: Partial<Envelope> = {}) {
  const envelope = {
    ...createEnvelopeFor(messageId),
    receivedAt: Date.UTC(2026, 10, 21, 10),
    quarantined,
    ...more,
  }
  return { messageId, envelope }
}

const parseLines = (text = '') =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

/** A bucket that counts, or fails for a content. */
function createBucket(fails: (value: string) => boolean = () => false) {
  const puts: [string, string][] = []
  const put = async (key: string, value: string) => {
    if (fails(value)) throw new Error('away')
    puts.push([key, value])
  }
  return { put, puts }
}

describe('the quarantine sink', () => {
  it('keeps a line for each refused event with all it takes to send it again', async () => {
    const violation = { path: 'properties.a', rule: 'invalid_type', found: '"ü"', message: 'v' }
    const first = refuse('q1', {
      type: 'track',
      event: 'x',
      violations: [violation],
      planVersion: '1-0-0',
      seq: 7,
    })
    const shared = {
      sentAt: Date.UTC(2026, 10, 21, 9),
      stream: 's',
      userAgent: 'UA',
      request: { country: 'DE' },
      context: { locale: 'de' },
      integrations: { All: true },
    }
    await createQuarantineSink({ bucket: env.LAKE }).write([
      deliver('d', [first, refuse('q2', { index: 1 })], shared),
    ])
    const { objects } = await env.LAKE.list({ prefix: 'quarantine/source=shop/date=2026-11-21/' })
    expect(objects.map(({ key }) => key)).toEqual([
      expect.stringMatching(/\/20261121T100000000Z-[0-9a-f]{32}\.ndjson$/),
    ])
    const text = await (await env.LAKE.get(objects[0]?.key ?? ''))?.text()
    const common = {
      source: 'shop',
      route: 'batch',
      receivedAt: '2026-11-21T10:00:00.000Z',
      sentAt: '2026-11-21T09:00:00.000Z',
      batchId: 'b',
      stream: 's',
      userAgent: 'UA',
      request: { country: 'DE' },
      context: { locale: 'de' },
      integrations: { All: true },
    }
    expect(parseLines(text)).toEqual([
      { ...first, ...common },
      { ...refuse('q2', { index: 1 }), ...common },
    ])
  })

  it('writes the same object again when a message is delivered again, in whatever company', async () => {
    const bucket = createBucket()
    const sink = createQuarantineSink({ bucket })
    await sink.write([deliver('a', [refuse('q1')]), deliver('b', [refuse('q2')])])
    await sink.write([deliver('again', [refuse('q1')])])
    const [[first] = [], [second] = [], [third] = []] = bucket.puts
    expect(third).toBe(first)
    expect(second).not.toBe(first)
  })

  it('keeps two batches apart that a client gave the same id', async () => {
    const bucket = createBucket()
    const deliveries = ['theirs', 'mine'].map((raw) =>
      deliver(raw, [refuse('q', { raw })], { batchId: 'same' }),
    )
    await createQuarantineSink({ bucket }).write(deliveries)
    expect(new Set(bucket.puts.map(([key]) => key)).size).toBe(2)
  })

  it('calls nobody for deliveries without a refused event', async () => {
    const bucket = createBucket()
    const outcomes = await createQuarantineSink({ bucket }).write([deliver('a', []), deliver('b', [])])
    expect([outcomes, bucket.puts]).toEqual([[{ kind: 'written' }, { kind: 'written' }], []])
  })

  it('asks for another try for those that failed, and writes the others', async () => {
    const bucket = createBucket((text) => text.includes('"bad"'))
    const ids = ['a', 'bad', 'b', 'c', 'd']
    const outcomes = await createQuarantineSink({ bucket }).write(ids.map((id) => deliver(id, [refuse(id)])))
    expect(outcomes.map(({ kind }) => kind)).toEqual(['written', 'retry', 'written', 'written', 'written'])
    expect(bucket.puts.length).toBe(4)
  })
})

describe('buildQuarantineTexts', () => {
  it('cuts what a large shared context makes of many events into pieces, and loses none', () => {
    const quarantined = Array.from({ length: 10 }, (_, index) => refuse(`q${index}`, { index }))
    const { envelope } = deliver('d', quarantined, { context: { long: 'x'.repeat(1_000) } })
    const texts = [...buildQuarantineTexts(envelope, 4_000)]
    expect(texts.every((text) => text.length <= 4_000)).toBe(true)
    expect(texts.length).toBeLessThan(10)
    expect(texts.flatMap(parseLines).map(({ messageId }) => messageId)).toEqual(
      quarantined.map(({ messageId }) => messageId),
    )
    expect([...buildQuarantineTexts(envelope, 1)].length).toBe(10)
  })
})
