import { createSampledLog, traceOf } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { createCollector, type FakeOptions } from './fakes.ts'

const SAMPLED = 'request_taken, request_refused'.split(', ')

function start(options: FakeOptions = {}, sampleRate = 1) {
  const lines: Record<string, unknown>[] = []
  const log = (record: Record<string, unknown>) => void lines.push(record)
  const collector = createCollector({ log, logSampled: createSampledLog(log, { sampleRate }), ...options })
  return { ...collector, outcomes: () => lines.filter(({ event }) => SAMPLED.includes(String(event))) }
}
const EVENT = { type: 'track', event: 'Seen', userId: 'me@example.com', messageId: 'm1' }

describe('the outcome of a request', () => {
  it('is one line of counts, with the hash of its batch and nothing of its events', async () => {
    const { post, outcomes } = start()
    const batch = [EVENT, EVENT, { ...EVENT, messageId: 'm2', event: undefined }]
    await post({ writeKey: 'wk', batchId: 'b-1', batch })
    expect(outcomes()).toEqual([
      {
        ...{ level: 'info', event: 'request_taken', source: 'shop', route: 'batch', trace: traceOf('b-1') },
        ...{ accepted: 1, quarantined: 1, filtered: 0, duplicate: 1, ms: 0 },
      },
    ])
  })

  it('is of the batch that its envelope names, when the client names none', async () => {
    const { post, outcomes, envelopes } = start()
    await post({ writeKey: 'wk', batch: [EVENT] })
    expect(outcomes()).toMatchObject([{ trace: traceOf(envelopes()[0]?.batchId ?? '') }])
  })

  it('is told of a refusal, without what was sent', async () => {
    const { post, outcomes } = start()
    await post({ writeKey: 'wk', batchId: 'b-2', batch: 'none' })
    await post({ writeKey: 'secret of somebody', batch: [EVENT] })
    await post('{')
    expect(outcomes()).toMatchObject([
      {
        level: 'info',
        event: 'request_refused',
        source: 'shop',
        status: 400,
        code: 'invalid_batch',
        events: 0,
      },
      {
        level: 'info',
        event: 'request_refused',
        source: '',
        status: 401,
        code: 'unknown_write_key',
        events: 1,
      },
      { level: 'info', event: 'request_refused', status: 400, code: 'invalid_json' },
    ])
    expect(JSON.stringify(outcomes())).not.toMatch(/secret|example/)
  })

  it('is written always when the fault is ours, and else only of batches that are sampled', async () => {
    const makeDurable = () => Promise.reject(new Error('both away'))
    const { post, outcomes } = start({ makeDurable }, 0)
    await post({ writeKey: 'wk', batch: [EVENT] })
    expect(outcomes()).toMatchObject([{ level: 'error', event: 'request_refused', status: 503, events: 1 }])
    const quiet = start({}, 0)
    await quiet.post({ writeKey: 'wk', batch: [EVENT] })
    await quiet.post('{')
    expect(quiet.outcomes()).toEqual([])
  })
})
