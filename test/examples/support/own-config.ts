/** The stack of a project with a configuration of its own, bundled as such a project's Worker is, with a clock to set ahead. */

import { CLOCK_PATH } from '../../support/clock-worker.ts'
import { writeClockedEntry } from '../../support/clocked-entry.ts'
import { startTestStack, type TestStack } from '../../support/stack.ts'
import { withWorkerBundle } from '../../support/worker-bundle.ts'

/** The Worker that `millrace init` writes. */
const entryOf = (example: string, source: string, aheadMs: number) =>
  writeClockedEntry({
    imports: `import { createWorker, LiveAggregator as Base } from 'millrace/worker'
import config from './examples/${example}/millrace.config.ts'`,
    handlers: 'createWorker(config)',
    aheadMs,
    sources: [source],
  })

/** What an example's stack is started with. */
export interface ExampleStackOptions {
  /** Folder of the example, with a `millrace.config.ts`. */
  example: string
  /** Its one source. */
  source: string
  /** Secrets that the configuration names. */
  variables?: Record<string, string>
  /** How far the Worker's clock is ahead at first; default 0. */
  aheadMs?: number
}

/** Starts the stack with the configuration of an example. */
export function startExampleStack({
  example,
  source,
  variables = {},
  aheadMs = 0,
}: ExampleStackOptions): Promise<TestStack> {
  return withWorkerBundle({ entry: entryOf(example, source, aheadMs) }, (scriptPath) =>
    startTestStack({ scriptPath, variables }),
  )
}

/** Sets the Worker's clock ahead by so much more. */
export async function advanceClock(stack: TestStack, ms: number): Promise<void> {
  const response = await fetch(`${stack.worker.url}${CLOCK_PATH}`, { method: 'POST', body: String(ms) })
  if (!response.ok) throw new Error(`setting the clock got ${response.status}`)
}
