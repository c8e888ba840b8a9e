/** The collector with a consumer that acknowledges everything and does nothing: what of the Worker's time is not the consumer's. */

import { withWorkerBundle } from '../../../test/support/worker-bundle.ts'
import { readCpuSeconds } from '../collector/process-usage.ts'
import { warmUp } from './find-rate.ts'
import { startFleet } from './fleet.ts'
import type { LoadStack } from './stack/load-stack.ts'

/** What it costs. */
export interface CollectorAlone {
  /** Processor time of workerd for an acknowledged event, seconds. */
  cpuSeconds: number
  /** Acknowledged events that this was measured with. */
  events: number
}

/** The Worker of this source tree, all but its consumer. */
const ENTRY = `
import worker, { LiveAggregator } from './worker.ts'
export { LiveAggregator }
export default { ...worker, async queue() {} }
`

const MEASURED_MS = 20_000

/** Measures at a rate, in place of the stack's own Worker, which does not come back. */
export async function measureCollectorAlone(
  stack: LoadStack,
  { clients, rate }: { clients: number; rate: number },
): Promise<CollectorAlone> {
  await stack.endWorker('stop')
  await withWorkerBundle({ entry: ENTRY }, (scriptPath) => stack.startWorker(scriptPath))
  const fleet = await startFleet({ clients, endpoint: stack.url, spoolPath: `${stack.dataPath}/spool-alone` })
  try {
    await warmUp(fleet, rate)
    const look = async () => {
      await fleet.sync()
      return { cpu: readCpuSeconds(stack.pids().worker ?? 0), acked: fleet.totals.acked }
    }
    const before = await look()
    await pause(MEASURED_MS)
    const after = await look()
    const events = after.acked - before.acked
    return { cpuSeconds: (after.cpu - before.cpu) / events, events }
  } finally {
    fleet.stop()
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
