/** The ways in which a process ends. */

import type { Ending } from './task.ts'

/** One of them. */
export interface EndScenario {
  /** Column of the table. */
  label: string
  /** Tracked in one go. */
  events: number
  ending: Ending
  /** What is sent to it from outside, and how long after its last call. */
  signal?: NodeJS.Signals
  afterMs?: number
  /** Whether the process is gone before it could send anything. */
  isLoss: boolean
}

const FEW = 1_000

const MANY = 5_000

/** All of them, in the order of the table. */
export const ENDINGS: readonly EndScenario[] = [
  { label: 'process.exit(0)', events: FEW, ending: 'exit', isLoss: true },
  { label: 'SIGTERM at once', events: FEW, ending: 'sigterm itself', isLoss: true },
  { label: 'SIGTERM 50 ms', events: FEW, ending: 'stay', signal: 'SIGTERM', afterMs: 50, isLoss: true },
  { label: 'SIGKILL at once', events: FEW, ending: 'stay', signal: 'SIGKILL', afterMs: 0, isLoss: true },
  { label: 'SIGKILL 200 ms', events: FEW, ending: 'stay', signal: 'SIGKILL', afterMs: 200, isLoss: true },
  { label: 'natural end', events: FEW, ending: 'natural', isLoss: false },
  { label: 'flush() 5,000', events: MANY, ending: 'flush', isLoss: false },
]
