/** Sessions of a real site's log: what the warehouse says is what an independent reading of the log gives. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mintAnonymousId } from '../../cli/src/access-log/ids.ts'
import { parseLine } from '../../cli/src/access-log/parse-line.ts'
import { findSkipRule } from '../../cli/src/access-log/rules.ts'
import { ROOT } from '../../scripts/setup.mjs'
import { runCommand } from '../support/command.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

const REAL_LOG = join(ROOT, '../shared/data/access.log')
const SITE = 'https://semicomplete.com'
const GAP_MS = 30 * 60_000

interface View {
  at: number
  path: string
  campaign: string
}

interface Session {
  visitor: string
  start: number
  end: number
  views: number
  entry: string
  exit: string
}

/** Page views of each visitor, in the order of time; those of one second as the log has them. */
function readVisitors(): Map<string, View[]> {
  const visitors = new Map<string, View[]>()
  for (const line of readFileSync(REAL_LOG, 'latin1').split('\n').filter(Boolean)) {
    const parsed = parseLine(Buffer.from(line, 'latin1'))
    if (!parsed.ok || parsed.entry.request === undefined || findSkipRule(parsed.entry) !== undefined) continue
    const { client, userAgent, timestampMs, request } = parsed.entry
    const query = new URLSearchParams(request.search)
    const campaign = ['utm_source', 'utm_medium', 'utm_campaign']
      .map((name) => query.get(name) ?? '')
      .join('\n')
    const visitor = mintAnonymousId(client, userAgent)
    visitors.set(visitor, [
      ...(visitors.get(visitor) ?? []),
      { at: timestampMs, path: request.path, campaign },
    ])
  }
  for (const views of visitors.values()) views.sort((a, b) => a.at - b.at)
  return visitors
}

function cutSessions(visitor: string, views: readonly View[]): Session[] {
  const sessions: Session[] = []
  let campaign = '\n\n'
  for (const [index, view] of views.entries()) {
    const last = sessions.at(-1)
    const isNew = last === undefined || view.at - (views[index - 1]?.at ?? 0) > GAP_MS
    const isOther = view.campaign !== '\n\n' && view.campaign !== campaign && view.at !== views[index - 1]?.at
    if (isNew) campaign = '\n\n'
    if (view.campaign !== '\n\n') campaign = view.campaign
    if (isNew || isOther) {
      sessions.push({ visitor, start: view.at, end: view.at, views: 1, entry: view.path, exit: view.path })
    } else {
      Object.assign(last, { end: view.at, views: last.views + 1, exit: view.path })
    }
  }
  return sessions
}

describe.skipIf(!existsSync(REAL_LOG))('sessions of an access log', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startTestStack()
  })
  afterAll(() => stack.stop())

  it('are those that the log shows', { timeout: 180_000 }, async () => {
    const args = ['cli/bin/millrace.mjs', 'import', 'access-log', REAL_LOG, '--source', 'dev']
    const { code, stderr } = await runCommand(process.execPath, [
      ...args,
      '--endpoint',
      stack.worker.url,
      '--site',
      SITE,
    ])
    expect(code, stderr).toBe(0)
    const expected = [...readVisitors()].flatMap(([visitor, views]) => cutSessions(visitor, views))
    const total = expected.reduce((sum, { views }) => sum + views, 0)
    await waitFor(async () => {
      const [row] = await stack.query<{ n: number }>('SELECT toUInt32(count()) AS n FROM events FINAL')
      return row?.n === total
    })
    await stack.worker.triggerCron()
    const found = await stack.query<Session>(`
      SELECT visitor_id AS visitor, toFloat64(toUnixTimestamp64Milli(started_at)) AS start, toFloat64(toUnixTimestamp64Milli(ended_at)) AS end,
        page_views AS views, entry_page AS entry, exit_page AS exit
      FROM sessions FINAL WHERE source = 'dev' AND events = page_views`)
    const order = (sessions: readonly Session[]) => sessions.map((session) => JSON.stringify(session)).sort()
    expect(order(found)).toEqual(order(expected))
    expect(expected.length).toBeGreaterThan(1_000)
    expect(expected.length).toBeLessThan(total)
  })

  it('are counted in the roll-ups as they are in the events', async () => {
    const [row] = await stack.query<{
      rolled: number
      people: number
      sessions: number
      events: number
      visitors: number
    }>(`
      SELECT
        (SELECT toUInt32(sum(events)) FROM rollup_hour FINAL) AS rolled,
        (SELECT toUInt32(uniqExactMerge(people)) FROM rollup_hour FINAL) AS people,
        (SELECT toUInt32(uniqExactMerge(sessions)) FROM rollup_minute FINAL) AS sessions,
        (SELECT toUInt32(count()) FROM sessions FINAL) AS stored,
        (SELECT toUInt32(count()) FROM events_resolved) AS events,
        (SELECT toUInt32(uniqExact(person_id)) FROM events_resolved) AS visitors`)
    expect(row).toEqual({ ...row, rolled: row?.events, people: row?.visitors })
    expect(row).toMatchObject({ sessions: (row as unknown as { stored: number }).stored })
  })
})
