/** A newer Worker starts on the live state that 0.1.0 left: it tells the same, counts nothing twice, and goes on from there. */

import type { LiveWindow } from '@millrace/schemas/live'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  type About,
  RELEASE_CONFIG,
  readEventMessages,
  readJson,
  readJsonLines,
  readLines,
} from '../support/release-files.ts'
import { type LiveAnswer, readLive } from '../support/release-live.ts'
import { type ReleaseStack, startReleaseStack } from '../support/release-stack.ts'
import { sendBursts } from '../support/release-traffic.ts'
import type { GoldenMessage } from '../support/release-worker.ts'

const { endedAt } = readJson<About>('about.json')
const golden = readJson<LiveAnswer>('live/answer.json')
const goldenWindows = readJsonLines<LiveWindow>('live/windows.jsonl')

const WHY =
  'the live object must read what 0.1.0 stored (consumers/src/live/live-storage.ts): where its form changes, read the old one as well'

/** Pane of the window `active_visitors`. */
const PANE_MS = 10_000

/** The Worker is bundled for the test, which takes a while on a machine that is busy. */
const STARTING_MS = 180_000

let stack: ReleaseStack
beforeAll(async () => {
  // A little before the same moment: what is open, and what fires, depends on the time.
  const live = { shop: readLines('live/shop.sql') }
  stack = await startReleaseStack({ config: RELEASE_CONFIG, startAt: endedAt - 120_000, live })
  // But not before the window began that was the last one then: `active_visitors` has a new one every ten seconds.
  const lastBegan = Math.floor(endedAt / PANE_MS) * PANE_MS
  await stack.advanceClock(Math.max(endedAt - 6_000, lastBegan) - stack.now())
}, STARTING_MS)
afterAll(() => stack.stop())

/** What windows count, in the order of their texts: sessions may begin at once. Those that only time has begun since are left out. */
function countsOf(windows: readonly LiveWindow[]): string[] {
  const lastStart = (name: string) =>
    Math.max(...goldenWindows.filter((golden) => golden.name === name).map(({ start }) => start))
  return windows
    .filter(({ name, start }) => start <= lastStart(name))
    .map(({ name, start, end, events, groups }) => JSON.stringify([name, start, end, events, groups]))
    .sort()
}

it('the windows, the watermark and the monitors are as they were', async () => {
  const { answer, windows } = await readLive(stack)
  expect(countsOf(windows), WHY).toEqual(countsOf(goldenWindows))
  const finals = (all: readonly LiveWindow[]) => all.filter(({ state }) => state !== 'provisional')
  expect(countsOf(finals(windows))).toEqual(expect.arrayContaining(countsOf(finals(goldenWindows))))
  const { watermark, ...rest } = answer
  expect({ ...rest, watermark: golden.watermark }).toEqual(golden)
  // It goes on with the time while nothing comes, and never back.
  expect(watermark).toBeGreaterThanOrEqual(golden.watermark)
  expect(answer.monitors.map(({ state }) => state)).toContain('firing')
})

it('a batch that 0.1.0 counted is not counted again when it is redelivered', async () => {
  const messages = [...readEventMessages()]
  const { acked } = await stack.order('deliver', { queue: 'events', messages })
  expect(acked).toHaveLength(messages.length)
  const retries = readJsonLines<GoldenMessage>('messages/retry.jsonl')
  await stack.order('deliver', { queue: 'retry', messages: retries })
  expect(countsOf((await readLive(stack)).windows), WHY).toEqual(countsOf(goldenWindows))
})

it('what comes now is counted into the windows that 0.1.0 left open', async () => {
  const before = (await readLive(stack)).windows.filter(
    ({ name, state }) => name === 'bursts' && state === 'provisional',
  )
  const clock = { now: () => endedAt }
  await sendBursts(stack, clock, 'newer', 2)
  const sent = await stack.order('take', {})
  const messages = sent.map(({ body }, index) => ({ id: `newer-${index}`, body }))
  await stack.order('deliver', { queue: 'events', messages })
  const sum = (windows: readonly LiveWindow[]) => windows.reduce((total, { events }) => total + events, 0)
  const after = (await readLive(stack)).windows.filter(
    ({ name, state }) => name === 'bursts' && state === 'provisional',
  )
  expect(before.length).toBeGreaterThan(0)
  expect(sum(after)).toBe(sum(before) + 2)
})

it('windows that 0.1.0 left open close, once', async () => {
  const open = goldenWindows.filter(({ name, state }) => name === 'bursts' && state === 'provisional')
  await stack.advanceClock(10 * 60_000)
  const { windows } = await readLive(stack)
  for (const { start } of open) {
    const window = windows.find((one) => one.name === 'bursts' && one.start === start)
    expect([window?.state, window?.version]).toEqual(['final', 1])
  }
})
