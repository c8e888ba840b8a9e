/** Two processes on one spool, one of them killed: what ClickHouse has in the end. */

import { type Child, startChild } from './children.ts'
import { listSpooled, withOptions } from './contenders.ts'
import { describeValue, type NodeMeasured } from './lines.ts'
import type { RealStack } from './real-stack.ts'
import type { SubjectOptions } from './subject.ts'
import { OURS, type ServerSdk } from './subjects.ts'

const EVENTS = 1_000

/** How long after its last call the one is killed; a run each. */
const KILL_AFTER_MS = [0, 20, 50, 100, 200]

const DEADLINE_MS = 60_000

/** Measures. */
export async function measureSharedSpool(
  sdks: readonly ServerSdk[],
  stack: RealStack,
  report: (line: string) => void,
): Promise<NodeMeasured[]> {
  const [contender] = listSpooled(sdks)
  if (contender === undefined) return []
  const runs: { run: string; events: number }[] = []
  for (const afterMs of KILL_AFTER_MS) {
    report(`two processes on one spool, one killed after ${afterMs} ms`)
    const names = { killed: `shared killed ${afterMs}`, ended: `shared ended ${afterMs}` }
    runs.push(...Object.values(names).map((run) => ({ run, events: EVENTS })))
    await withOptions(contender, { endpoint: stack.url, run: '' }, (options) => play(options, names, afterMs))
  }
  const stored = await stack.countStored(runs)
  const outcomes = runs.map(({ run }) => ({ run, ...stored.get(run) }))
  const sum = (pick: 'events' | 'rows') => outcomes.reduce((total, one) => total + (one[pick] ?? 0), 0)
  const place = { table: 'two processes on one spool, one killed', row: 'millrace, spool' }
  const sent = runs.length * EVENTS
  return [
    describeValue(
      { ...place, column: 'stored', unit: `of ${sent} events`, aim: { atLeast: sent } },
      sum('events'),
      { outcomes },
    ),
    describeValue(
      { ...place, column: 'doubled', unit: 'events', aim: { atMost: 0 } },
      sum('rows') - sum('events'),
    ),
  ]
}

async function play(options: SubjectOptions, names: { killed: string; ended: string }, afterMs: number) {
  const start = (run: string): Child =>
    startChild(
      {
        subject: OURS,
        options: { ...options, run },
        task: { kind: 'end', events: EVENTS, ending: 'stay' },
      },
      DEADLINE_MS,
    )
  const killed = start(names.killed)
  const ended = start(names.ended)
  await Promise.all([killed.heard('tracked'), ended.heard('tracked')])
  await new Promise((resolve) => setTimeout(resolve, afterMs))
  killed.signal('SIGKILL')
  await killed.ended
  ended.signal('SIGTERM')
  await ended.ended
  const next = startChild({ subject: OURS, options, task: { kind: 'recover' } }, DEADLINE_MS)
  const { code, complaint } = await next.ended
  if (code !== 0) throw new Error(`the next start ended with ${code}: ${complaint}`)
}
