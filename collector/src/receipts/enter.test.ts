import { MAX_BATCH_EVENTS } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { createCollector } from '../fakes.ts'
import { createBooks } from './books.ts'

function collect() {
  const books = createBooks({ now: () => 1_000, randomId: () => 'book' })
  return createCollector({ books })
}

/** What the next request that is taken says of those that were refused. */
async function refusedOf({ post, envelopes }: ReturnType<typeof collect>) {
  await post({ writeKey: 'wk', batch: [{ type: 'track', event: 'x', userId: 'u' }] })
  return envelopes()[0]?.receipt?.refused
}

describe('a refused request', () => {
  it.each([
    [MAX_BATCH_EVENTS + 1, MAX_BATCH_EVENTS],
    [249_901, MAX_BATCH_EVENTS],
  ])('of %i elements counts as %i events', async (elements, events) => {
    const collector = collect()
    const body = `{"writeKey":"wk","batch":[${'0,'.repeat(elements - 1)}0]}`
    const headers = { authorization: `Basic ${btoa('wk:')}` }
    expect((await collector.post(body, { headers })).status).toBe(413)
    expect(await refusedOf(collector)).toEqual({ too_many_events: [1, events] })
  })

  it('that cannot be read counts as no event', async () => {
    const collector = collect()
    await collector.post('{', { headers: { authorization: `Basic ${btoa('wk:')}` } })
    expect(await refusedOf(collector)).toEqual({ invalid_json: [1, 0] })
  })
})
