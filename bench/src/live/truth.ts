/** A million events with known answers through the live object, restarted again and again: against the oracle and the roll-ups. */

import { type LiveWindow, resolveWindow } from '@millrace/schemas/live'
import { createGroundTruth, TRUTH_WINDOWS } from '../../../consumers/src/live/ground-truth.ts'
import { startWorker } from '../../../local/src/worker.ts'
import type { TestStack } from '../../../test/support/stack.ts'
import { childProcessIds, readMemoryMiB } from './processes.ts'
import type { RunOrder, RunResult } from './worker.ts'

/** What came of it. */
export interface Truth {
  events: number
  /** Differences, in words; there must be none. */
  faults: string[]
  windows: number
  restarts: number
  /** Minutes and names of which the roll-ups were compared, and how many differ. */
  compared: number
  differing: number
  results: RunResult[]
  memoryMiB: number
}

/** How often the Worker is ended and started again. */
const RESTARTS = 20

/** Runs it on a stack whose Worker is that of `worker.ts`. */
export async function runTruth(
  stack: TestStack,
  scriptPath: string,
  events: number,
  report: (line: string) => void,
): Promise<Truth> {
  const order: RunOrder = {
    ...{ events, seed: 11, source: 'truth', isStored: true, isBare: false },
    ...{ startMs: Math.floor(Date.now() / 60_000) * 60_000 - 3 * 3_600_000, spanMs: 90 * 60_000 },
    ...{ from: 0, to: 0 },
  }
  // Envelopes of twenty, a fifth of them twice, fifty in a batch.
  const pieces = Math.ceil((events * 1.2) / 20 / 50 / (RESTARTS + 1))
  const results: RunResult[] = []
  let restarts = 0
  let memoryMiB = 0
  for (let hasMore = true; hasMore; ) {
    const result = await post(stack, { ...order, from: order.to, to: order.to + pieces })
    order.to += pieces
    results.push(result)
    memoryMiB = Math.max(memoryMiB, ...childProcessIds('workerd').map(readMemoryMiB))
    hasMore = result.hasMore
    if (hasMore) {
      await restart(stack, scriptPath)
      restarts += 1
      if (restarts % 5 === 0) report(`${order.to} batches, ${restarts} restarts`)
    }
  }
  const oracle = createGroundTruth(order).oracle()
  const faults: string[] = []
  let windowCount = 0
  const live = new Map<string, { events: number; revenue: number }>()
  for (const definition of TRUTH_WINDOWS) {
    const response = await fetch(`${stack.worker.url}/bench/windows/truth/${definition.name}`)
    const { windows } = (await response.json()) as { windows: LiveWindow[] }
    windowCount += windows.length
    for (const window of windows) faults.push(...oracle.faultsOf(window))
    if (definition.window.kind === 'session') {
      const total = windows.reduce((sum, window) => sum + window.events, 0)
      if (total !== events) faults.push(`${definition.name} have ${total} events of ${events}`)
    } else {
      const expected = oracle.starts(resolveWindow(definition))
      if (JSON.stringify(windows.map(({ start }) => start)) !== JSON.stringify(expected))
        faults.push(`${definition.name}: ${windows.length} windows of ${expected.length}`)
    }
    if (definition.name === 'by_name') addMinutes(live, windows)
  }
  report(`${windowCount} windows compared with the oracle, ${faults.length} differ`)
  const { compared, differing } = await compareRollups(stack, live, report)
  return { events, faults, windows: windowCount, restarts, compared, differing, results, memoryMiB }
}

/** Sends an order to the Worker. */
export async function post(stack: Pick<TestStack, 'worker'>, order: RunOrder): Promise<RunResult> {
  const response = await fetch(`${stack.worker.url}/bench/run`, {
    method: 'POST',
    body: JSON.stringify(order),
  })
  if (!response.ok) throw new Error(await response.text())
  return (await response.json()) as RunResult
}

async function restart(stack: TestStack, scriptPath: string): Promise<void> {
  const { port, stop } = stack.worker
  await stop()
  const { dataPath, clickhouseUrl } = stack
  stack.worker = await startWorker({ port, dataPath, clickhouseUrl, scriptPath })
}

function addMinutes(
  minutes: Map<string, { events: number; revenue: number }>,
  windows: readonly LiveWindow[],
): void {
  for (const { start, groups } of windows) {
    for (const { key, events, values } of groups) {
      const id = `${Math.floor(start / 60_000) * 60_000} ${key[0]}`
      const minute = minutes.get(id) ?? { events: 0, revenue: 0 }
      minute.events += events
      minute.revenue += Math.round(Number(values['revenue']) * 1e6)
      minutes.set(id, minute)
    }
  }
}

/** ClickHouse's roll-ups of the same events; the sum of revenue is asked of the events, because `truth` has no such measure. */
async function compareRollups(
  stack: TestStack,
  live: ReadonlyMap<string, { events: number; revenue: number }>,
  report: (line: string) => void,
): Promise<{ compared: number; differing: number }> {
  const total = [...live.values()].reduce((sum, { events }) => sum + events, 0)
  for (let run = 0; run < 60; run++) {
    await stack.worker.triggerCron()
    const [row] = await stack.query<{ events: string }>(
      `SELECT sum(events) AS events FROM rollup_minute FINAL WHERE source = 'truth' AND measure = ''`,
    )
    if (Number(row?.events) === total) break
    report(`roll-ups have ${row?.events} of ${total} events`)
  }
  const rows = await stack.query<{ minute: string; event: string; events: string; revenue: string }>(`
SELECT toUnixTimestamp(r.minute) * 1000 AS minute, r.event AS event, r.events AS events, e.revenue AS revenue
FROM (SELECT minute, event, events FROM rollup_minute FINAL WHERE source = 'truth' AND measure = '') AS r
LEFT JOIN (
  SELECT toStartOfMinute(timestamp) AS minute, event,
    sum(toInt64(round(ifNull(properties.revenue.:Float64, toFloat64(ifNull(properties.revenue.:Int64, 0))) * 1000000))) AS revenue
  FROM events FINAL WHERE source = 'truth' GROUP BY minute, event
) AS e ON r.minute = e.minute AND r.event = e.event
WHERE r.events > 0`)
  let differing = Math.abs(rows.length - live.size)
  for (const { minute, event, events, revenue } of rows) {
    const known = live.get(`${minute} ${event}`)
    if (known?.events !== Number(events) || known.revenue !== Number(revenue)) differing += 1
  }
  return { compared: rows.length, differing }
}
