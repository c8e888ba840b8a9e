/** ClickHouse goes away and comes back; what was acknowledged meanwhile is stored. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack()
})
afterAll(() => stack.stop())

const events = () => stack.query<{ event: string }>('SELECT event FROM events FINAL ORDER BY event')

describe('an outage of ClickHouse', () => {
  it('loses nothing that was acknowledged, and asks again with growing delay', async () => {
    await stack.post({ batch: [{ type: 'track', event: 'before', userId: 'u' }] })
    await waitFor(events, (rows) => rows.length === 1)
    await stack.killClickHouse()
    for (let i = 0; i < 20; i++) {
      const response = await stack.post({ batch: [{ type: 'track', event: `during ${i}`, userId: 'u' }] })
      expect(response.status).toBe(200)
    }
    await waitFor(() => stack.workerLog.filter((line) => line.includes('"attempts":2')).length > 0)
    await stack.startClickHouse()
    await waitFor(events, (rows) => rows.length === 21)
  })

  it('is reported by the pulse of the cron', async () => {
    const pulses = () =>
      stack.workerLog.filter((line) => line.includes('"pulse"')).map((line) => JSON.parse(line).warehouse)
    await stack.worker.triggerCron()
    await waitFor(pulses, (found) => found.at(-1) === 'ok')
    await stack.killClickHouse()
    await stack.worker.triggerCron()
    await waitFor(pulses, (found) => found.at(-1) === 'unreachable')
    await stack.startClickHouse()
  })
})

describe('a Worker that is newer than its table', () => {
  it('waits for the migration instead of leaving a field out', async () => {
    await stack.query('ALTER TABLE events DROP COLUMN locale')
    const batch = [{ type: 'track', event: 'early', userId: 'u' }]
    expect(
      (await stack.post({ stream: 'early', firstSeq: 1, context: { locale: 'de' }, batch })).status,
    ).toBe(200)
    await waitFor(() => stack.workerLog.some((line) => line.includes('NO_SUCH_COLUMN_IN_TABLE')))
    await stack.query('ALTER TABLE events ADD COLUMN locale LowCardinality(String)')
    const rows = await waitFor(
      () => stack.query("SELECT locale FROM events FINAL WHERE stream = 'early'"),
      (found) => found.length === 1,
    )
    expect(rows).toEqual([{ locale: 'de' }])
    expect(await stack.query('SELECT reason FROM quarantine FINAL')).toEqual([])
  })
})

describe('an event that ClickHouse refuses for its content', () => {
  const track = (event: string) => ({ type: 'track', event, userId: 'u' })
  const stored = (stream: string) =>
    stack.query('SELECT event FROM events FINAL WHERE stream = {stream:String} ORDER BY seq', { stream })

  it('is quarantined, and costs the others of its batch nothing', async () => {
    await stack.query("ALTER TABLE events ADD CONSTRAINT no_poison CHECK event != 'poison'")
    const batch = [track('before'), track('poison'), track('after')]
    expect((await stack.post({ stream: 'mixed', firstSeq: 1, batch })).status).toBe(200)
    const rows = await waitFor(
      () => stored('mixed'),
      (found) => found.length === 2,
    )
    expect(rows).toEqual([{ event: 'before' }, { event: 'after' }])
    const quarantined = await waitFor(
      () => stack.query<{ message: string }>('SELECT message_id, reason, message FROM quarantine FINAL'),
      (found) => found.length === 1,
    )
    expect(quarantined).toMatchObject([{ message_id: 'mixed-2', reason: 'not_storable' }])
    expect(quarantined[0]?.message).toContain('no_poison')
  })

  it('and that cannot be quarantined either is archived in R2 whole, with the reason', async () => {
    await stack.query("ALTER TABLE quarantine ADD CONSTRAINT no_poison CHECK reason != 'not_storable'")
    const post = (event: string) => stack.post({ stream: event, firstSeq: 1, batch: [track(event)] })
    const answers = await Promise.all(['left', 'poison', 'right'].map(post))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    for (const stream of ['left', 'right']) {
      await waitFor(
        () => stored(stream),
        (rows) => rows.length === 1,
      )
    }
    const [key] = await waitFor(
      () => stack.worker.listObjects('dead/'),
      (keys) => keys.length === 1,
    )
    const text = await stack.worker.readObject(key ?? '')
    const [wrapper = '', body = ''] = text?.split('\n') ?? []
    expect(JSON.parse(wrapper)).toMatchObject({
      sink: 'warehouse',
      error: expect.stringContaining('no_poison'),
    })
    expect(JSON.parse(body)).toMatchObject({ events: [{ messageId: 'poison-1', event: 'poison' }] })
    expect(stack.workerLog.filter((line) => line.includes('dead_letter')).length).toBe(1)
  })
})

describe('a crash of ClickHouse', () => {
  it('is noticed and mended by the stack itself', async () => {
    const kept = await startTestStack({ keepClickHouse: true })
    try {
      const crashed = kept.clickhousePid()
      if (crashed === undefined) throw new Error('ClickHouse does not run')
      process.kill(crashed, 'SIGKILL')
      await kept.post({ batch: [{ type: 'track', event: 'patient', userId: 'u' }] })
      await waitFor(
        () => kept.query('SELECT event FROM events FINAL'),
        (rows) => rows.length === 1,
      )
      expect(kept.clickhousePid()).not.toBe(crashed)
    } finally {
      await kept.stop()
    }
  })
})
