/** How a failing seed is told: what is wrong, how to run it again, and the end of its schedule. */

import type { SeedResult } from './run-seed.ts'

/** Lines of the schedule that are shown. */
const SHOWN = 60

/** Text for a person. */
export function describeFailure(result: SeedResult, events: number): string {
  const { seed, problems, trace, traceCount, faults } = result
  const shown = trace.slice(-SHOWN)
  return [
    `seed ${seed} fails:`,
    ...problems.map((problem) => `  ${problem}`),
    `seed=${seed} reruns exactly: npm run bench -- faults --seed ${seed} --events-a-seed ${events}`,
    `faults: ${JSON.stringify(faults)}`,
    `the last ${shown.length} of ${traceCount} lines of its schedule:`,
    ...shown.map((line) => `  ${line.slice(0, 220)}`),
  ].join('\n')
}
