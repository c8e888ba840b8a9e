/** What is run on the counted stack: bursts with full batches, single messages, and minutes at a steady rate. */

import { type CountedStack, pause } from './counted-stack.ts'
import { type Tally, tallyBetween } from './tally.ts'
import type { EventSize } from './traffic.ts'

/** Events a request and their size. */
export interface Shape {
  events: number
  size: EventSize
}

/** Something that was run. */
export interface Run {
  tally: Tally
  requests: number
  bodyBytes: number
  /** Processor time of the consumer and the objects: with them less without them. Milliseconds. */
  consumerMs: number
}

/** A burst, and the run of the cron after it. */
export interface Burst extends Run {
  shape: Shape
  cron: Tally
  cronMs: number
  /** Bytes that an event adds to the files of the lake. */
  lakeBytesPerEvent: number
}

/** Minutes at a steady rate. */
export interface Steady {
  tally: Tally
  minutes: number
  requests: number
  /** Processor time of workerd. Milliseconds. */
  cpuMs: number
}

/** Requests under way at once, so that the local queue always has a full batch. */
const LANES = 24

/** A run of the cron goes on in the background for some seconds: a lease is given back after one. */
const SETTLE_MS = 2_000

const MINUTE_MS = 60_000

/** Posts as many requests as fill whole batches, once with a consumer that does nothing. */
export async function runBurst(stack: CountedStack, shape: Shape, requests: number): Promise<Burst> {
  const run = await withAndWithoutConsumer(stack, () =>
    inLanes(requests, () => stack.post(shape.events, shape.size)),
  )
  const lakeBefore = await stack.lakeBytes()
  const before = await stack.read()
  const cronMs = await cpuOf(stack, async () => {
    await stack.runCron()
    await pause(SETTLE_MS)
  })
  const { tally } = await stack.read()
  const lakeAfter = await stack.lakeBytes()
  return {
    ...{ ...run, shape, requests, cronMs, cron: tallyBetween(before.tally, tally) },
    lakeBytesPerEvent: (lakeAfter.bytes - lakeBefore.bytes) / (requests * shape.events),
  }
}

/** Posts requests of which each is a batch of its own. */
export function runSingles(stack: CountedStack, { events, size }: Shape, requests: number): Promise<Run> {
  return withAndWithoutConsumer(stack, async () => {
    let bytes = 0
    for (let request = 0; request < requests; request++) {
      bytes += await stack.post(events, size)
      await stack.drain()
    }
    return bytes
  }).then((run) => ({ ...run, requests }))
}

/** Minutes with the cron at the end of each; the first of them is not counted. `rate`: requests a second. */
export async function runMinutes(
  stack: CountedStack,
  { events, size }: Shape,
  rate: number,
  minutes: number,
): Promise<Steady> {
  await runMinute(stack, rate, () => stack.post(events, size))
  const before = { ...(await stack.read()), cpu: stack.cpuSeconds() }
  let requests = 0
  for (let minute = 0; minute < minutes; minute++) {
    requests += await runMinute(stack, rate, () => stack.post(events, size))
  }
  const { tally } = await stack.read()
  const cpuMs = (stack.cpuSeconds() - before.cpu) * 1_000
  return { tally: tallyBetween(before.tally, tally), minutes, requests, cpuMs }
}

/** Milliseconds of processor time a second that the stack uses with nothing to do. */
export async function measureIdle(stack: CountedStack, ms: number): Promise<number> {
  await pause(SETTLE_MS)
  const before = stack.cpuSeconds()
  await pause(ms)
  return ((stack.cpuSeconds() - before) / ms) * 1e6
}

async function runMinute(stack: CountedStack, rate: number, post: () => Promise<number>): Promise<number> {
  const startedAt = Date.now()
  const cron = stack.runCron()
  const posts: Promise<number>[] = []
  const count = Math.round(rate * (MINUTE_MS / 1_000))
  for (let request = 0; request < count; request++) {
    await pause(Math.max(0, startedAt + (request * MINUTE_MS) / count - Date.now()))
    posts.push(post())
  }
  await Promise.all(posts)
  await cron
  await pause(Math.max(0, startedAt + MINUTE_MS - Date.now()))
  return count
}

async function withAndWithoutConsumer(
  stack: CountedStack,
  post: () => Promise<number>,
): Promise<Omit<Run, 'requests'>> {
  await stack.idleConsumer(true)
  const withoutMs = await cpuOf(stack, async () => {
    await post()
    await stack.drain()
  })
  await stack.idleConsumer(false)
  const before = await stack.read()
  let bodyBytes = 0
  const withMs = await cpuOf(stack, async () => {
    bodyBytes = await post()
    await stack.drain()
  })
  const { tally } = await stack.read()
  return { tally: tallyBetween(before.tally, tally), bodyBytes, consumerMs: Math.max(0, withMs - withoutMs) }
}

async function cpuOf(stack: CountedStack, work: () => Promise<unknown>): Promise<number> {
  const before = stack.cpuSeconds()
  await work()
  return (stack.cpuSeconds() - before) * 1_000
}

async function inLanes(count: number, post: () => Promise<number>): Promise<number> {
  let left = count
  let bytes = 0
  const lane = async () => {
    while (left > 0) {
      left--
      const posted = await post()
      bytes += posted
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  return bytes
}
