/** What repetitions of an ending come to, as lines of the result. */

import type { Aim } from '../measure.ts'
import { type Contender, isOurs } from './contenders.ts'
import type { EndScenario } from './endings.ts'
import { describeFailure, describeMedian, describeValue, type NodeMeasured } from './lines.ts'

/** One process and what became of its events. */
export interface EndOutcome {
  run: string
  events: number
  /** Different events that arrived; in ClickHouse after the next start where there is a spool. */
  arrived: number
  /** Of them, how many stay double after the dedupe. */
  doubled: number
  /** From the end of its own work, or the signal, to its own end. */
  heldMs: number
  /** Whether it was killed at its deadline. */
  isOverdue: boolean
  code: number | null
  signal: NodeJS.Signals | null
  requests?: number
  /** Rows in ClickHouse before its dedupe. */
  rawRows?: number
}

/** Repetitions of one ending. */
export interface EndSeries {
  contender: Contender
  scenario: EndScenario
  outcomes: EndOutcome[]
  /** By repetition without an outcome. */
  errors: string[]
}

const ARRIVED = 'ends: arrived, of those tracked; +n stay double'

const HELD = 'ends: ms until the process is gone, median'

const STORED = 'ends with a spool: in ClickHouse after the next start'

const BURST = '5,000 events in one go'

/** Longest that a process may be held at a natural end, and most requests for 5,000 events. */
const MAX_HELD_MS = 400

const MAX_REQUESTS = 50

/** The lines of a series. */
export function describeEndings({ contender, scenario, outcomes, errors }: EndSeries): NodeMeasured[] {
  const { row } = contender
  const { label: column } = scenario
  const failures = errors.map((error) => describeFailure(ARRIVED, row, `${column}: ${error}`))
  if (outcomes.length === 0) return failures
  const held = outcomes.map(({ heldMs }) => heldMs)
  const requests = outcomes.flatMap((outcome) => outcome.requests ?? [])
  return [
    describeArrived({ contender, scenario, outcomes, errors }),
    describeMedian(
      { ...{ table: HELD, row, column, unit: 'ms' }, aim: chooseHeldAim(contender, scenario) },
      held,
      {
        ...(outcomes.some(({ isOverdue }) => isOverdue) ? { shown: showOverdue(held) } : {}),
      },
    ),
    ...(scenario.ending === 'flush' && requests.length > 0
      ? [
          describeMedian(
            {
              ...{ table: BURST, row, column: 'requests', unit: 'requests' },
              aim: isOurs(contender) ? { atMost: MAX_REQUESTS } : undefined,
            },
            requests,
          ),
        ]
      : []),
    ...failures,
  ]
}

/** What ClickHouse has of a series, as sums: different events, rows after its dedupe, and rows as they lie there. */
export function describeRows({ scenario, outcomes }: EndSeries): NodeMeasured[] {
  const sum = (pick: (outcome: EndOutcome) => number) =>
    outcomes.reduce((total, outcome) => total + pick(outcome), 0)
  const line = (column: string, value: number, aim?: Aim) =>
    describeValue({ table: STORED, row: scenario.label, column, unit: 'events', aim }, value)
  const tracked = sum(({ events }) => events)
  return [
    line('tracked', tracked),
    line(
      'stored',
      sum(({ arrived }) => arrived),
    ),
    line(
      'rows after FINAL',
      sum(({ arrived, doubled }) => arrived + doubled),
      { atMost: tracked },
    ),
    line(
      'rows before',
      sum(({ rawRows = 0 }) => rawRows),
    ),
  ]
}

function describeArrived({ contender, scenario, outcomes, errors }: EndSeries): NodeMeasured {
  const sum = (pick: (outcome: EndOutcome) => number) =>
    outcomes.reduce((total, outcome) => total + pick(outcome), 0)
  const [events, arrived, doubled] = [
    sum((one) => one.events),
    sum((one) => one.arrived),
    sum((one) => one.doubled),
  ]
  // Without a spool only an ending that lets the SDK work can keep everything.
  const isPromised = isOurs(contender) && (contender.spool !== undefined || !scenario.isLoss)
  // A process that failed, or a double, is no kept promise.
  const value = errors.length > 0 || doubled > 0 ? Number.NaN : (100 * arrived) / events
  return describeValue(
    {
      ...{ table: ARRIVED, row: contender.row, column: scenario.label, unit: '%' },
      aim: isPromised ? { atLeast: 100 } : undefined,
    },
    value,
    {
      samples: outcomes.map((one) => (100 * one.arrived) / one.events),
      shown: `${show(arrived)}/${show(events)}${doubled > 0 ? ` +${show(doubled)}` : ''}`,
      outcomes,
    },
  )
}

/** A process that was killed at its deadline may not even have come to the end of its own calls. */
function showOverdue(held: readonly number[]): string {
  return held.some(Number.isNaN) ? 'killed in track()' : 'killed'
}

function chooseHeldAim(contender: Contender, { ending }: EndScenario): Aim | undefined {
  return isOurs(contender) && ending === 'natural' ? { atMost: MAX_HELD_MS } : undefined
}

function show(count: number): string {
  return count.toLocaleString('en-US')
}
