/** Prints the steps of a deployment as they go: `2/8 queues and bucket … ok`. Knows no step. */

import { printable } from '../printable.ts'

/** Prints them. */
export interface StepPrinter {
  begin: (title: string) => void
  /** A line of the step that is under way. */
  say: (line: string) => void
  end: (says: string) => void
}

/** Under the title. */
const INDENT = '      '

/** Writes to a stream. Nothing that is written can move the cursor or change colours. */
export function createStepPrinter(write: (text: string) => void, count: number): StepPrinter {
  let number = 0
  // Whether the cursor still stands behind the title.
  let isOpen = false
  const say = (line: string) => {
    if (isOpen) write('\n')
    isOpen = false
    write(`${INDENT}${printable(line)}\n`)
  }
  return {
    begin(title) {
      number += 1
      write(`${number}/${count} ${title} … `)
      isOpen = true
    },
    say,
    end(says) {
      if (isOpen) write(`${printable(says)}\n`)
      else say(says)
      isOpen = false
    },
  }
}

/** `340 ms`, `12.3 s`. */
export function formatDuration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
