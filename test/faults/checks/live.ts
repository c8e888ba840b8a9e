/**
 * The live windows of a source in the end, held to a plain count. An event whose copies have different times (its clock was
 * corrected at each attempt) may be in a window of any of them, once; all others are exactly where they belong.
 */

import type { LiveWindow } from '@millrace/schemas/live'
import type { FullWorld } from '../world/create-world.ts'
import type { Stored } from './stored.ts'

/** What was found. */
export interface LiveVerdict {
  lost: number
  doubled: number
  problems: string[]
}

/** An event as the oracle knows it. */
interface Fact {
  id: string
  name: string
  visitor: string
  /** Times of its copies; several are possible. */
  times: number[]
}

const MINUTE_MS = 60_000

/** Compares them. */
export async function checkLive(world: FullWorld, source: string, stored: Stored): Promise<LiveVerdict> {
  const facts = readFacts(stored)
  const verdict: LiveVerdict = { lost: 0, doubled: 0, problems: [] }
  if (facts.length === 0) return verdict
  const extra = stored.notStorable.size
  const windows = {
    by_name: await readWindows(world, source, 'by_name'),
    sliding: await readWindows(world, source, 'sliding'),
    visits: await readWindows(world, source, 'visits'),
  }
  const open = Object.values(windows).flatMap((some) => some.filter(({ state }) => state === 'provisional'))
  if (open.length > 0) verdict.problems.push(`${open.length} windows of ${source} are not final`)
  const compare = (what: string, found: number, expected: number) => {
    if (found < expected) verdict.lost += expected - found
    if (found > expected) verdict.doubled += found - expected
    if (found !== expected)
      verdict.problems.push(`${what} of ${source} have ${found} events, there are ${expected}`)
  }
  const total = facts.length + extra
  compare('windows by_name', sumOf(windows.by_name), total)
  compare('windows sliding', sumOf(windows.sliding), 2 * total)
  compare('sessions', sumOf(windows.visits), total)
  verdict.problems.push(
    ...checkEach(windows.by_name, facts),
    ...checkSessions(windows.visits, facts, extra > 0),
  )
  verdict.problems.push(...checkDelivered(world, source, windows.by_name))
  return verdict
}

function readFacts({ copies }: Stored): Fact[] {
  return [...copies].map(([id, rows]) => {
    const [first] = rows
    const times = [...new Set(rows.map((row) => Number(row['timestamp'])))]
    return {
      id,
      name: String(first?.['event']),
      visitor: String(first?.['anonymous_id'] || first?.['user_id'] || ''),
      times,
    }
  })
}

async function readWindows(world: FullWorld, source: string, name: string): Promise<LiveWindow[]> {
  const request = new Request(`http://live.sim/windows?name=${name}`)
  const asking = world.live.call<Response>(undefined, source, 'fetch', [request])
  // What it writes for the question must be durable before it answers.
  await world.clock.runUntil(world.clock.now() + 1_000)
  const { windows } = (await (await asking).json()) as { windows: LiveWindow[] }
  return windows
}

function sumOf(windows: readonly LiveWindow[]): number {
  return windows.reduce((sum, { events }) => sum + events, 0)
}

/** Each window of a name and minute: at least the events that can be nowhere else, at most those that can be there. */
function checkEach(windows: readonly LiveWindow[], facts: readonly Fact[]): string[] {
  const least = new Map<string, number>()
  const most = new Map<string, number>()
  const add = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1)
  for (const { name, times } of facts) {
    const keys = new Set(times.map((time) => `${Math.floor(time / MINUTE_MS) * MINUTE_MS} ${name}`))
    for (const key of keys) add(most, key)
    if (keys.size === 1) for (const key of keys) add(least, key)
  }
  const found = new Map<string, number>()
  for (const { start, groups } of windows)
    for (const { key, events } of groups) found.set(`${start} ${key[0]}`, events)
  const problems: string[] = []
  for (const [key, count] of least) {
    if ((found.get(key) ?? 0) < count)
      problems.push(`window ${key} has ${found.get(key) ?? 0} events, has lost of ${count}`)
  }
  for (const [key, count] of found) {
    // What the warehouse refuses has no row that tells its time.
    if (key.includes('refused by the warehouse')) continue
    if (count > (most.get(key) ?? 0))
      problems.push(`window ${key} has ${count} events, there are ${most.get(key) ?? 0}`)
  }
  return problems.slice(0, 5)
}

const GAP_MS = 60_000

/** Sessions of visitors all of whose events have one time. */
function checkSessions(
  windows: readonly LiveWindow[],
  facts: readonly Fact[],
  hasRefused: boolean,
): string[] {
  // Those of refused events are nowhere else, so no visitor's sessions are known.
  if (hasRefused) return []
  const byVisitor = Map.groupBy(facts, ({ visitor }) => visitor)
  const found = Map.groupBy(windows, ({ groups: [group] }) => String(group?.key[0]))
  const problems: string[] = []
  for (const [visitor, some] of byVisitor) {
    if (some.some(({ times }) => times.length > 1)) continue
    const times = some.map(({ times: [time = 0] }) => time).sort((a, b) => a - b)
    const expected = cutSessions(times)
    const sessions = (found.get(visitor) ?? [])
      .map(({ start, end, events }) => `${start}-${end} ${events}`)
      .sort()
    if (expected.sort().join() !== sessions.join())
      problems.push(
        `sessions of ${visitor} are ${sessions.slice(0, 3).join(', ')}, not ${expected.slice(0, 3).join(', ')}`,
      )
  }
  return problems.slice(0, 5)
}

function cutSessions(times: readonly number[]): string[] {
  const sessions: { start: number; last: number; events: number }[] = []
  for (const time of times) {
    const session = sessions.at(-1)
    if (session === undefined || time - session.last >= GAP_MS)
      sessions.push({ start: time, last: time, events: 1 })
    else Object.assign(session, { last: time, events: session.events + 1 })
  }
  return sessions.map(({ start, last, events }) => `${start}-${last + GAP_MS} ${events}`)
}

/** What ClickHouse has of closed windows: of each the last version, which must be the window as it is. */
function checkDelivered(world: FullWorld, source: string, windows: readonly LiveWindow[]): string[] {
  const latest = new Map<string, { version: number; events: number; state: string }>()
  for (const row of world.clickHouse.rows('live_windows')) {
    if (row['source'] !== source || row['name'] !== 'by_name') continue
    const key = `${row['window_start']} ${(row['key'] as unknown as string[])[0]}`
    const version = Number(row['version'])
    if (version < (latest.get(key)?.version ?? 0)) continue
    latest.set(key, { version, events: Number(row['events']), state: String(row['state']) })
  }
  const problems: string[] = []
  for (const { start, groups } of windows) {
    for (const { key, events } of groups) {
      const delivered = latest.get(`${start} ${key[0]}`)
      if (delivered?.events !== events)
        problems.push(
          `window ${start} ${key[0]} has ${events} events, ClickHouse has ${delivered?.events ?? 'none'}`,
        )
    }
  }
  return problems.slice(0, 3)
}
