/** Our Node SDK beside its peers: what it costs, what survives, what an outage does, and imports, in one run. */

import { loadavg } from 'node:os'
import type { Measured, Measurement } from '../measure.ts'
import { measureCost } from './cost.ts'
import { measureEnds, measureSpooledEnds } from './ends.ts'
import { measureImport } from './import.ts'
import { describeFailure, firstLineOf } from './lines.ts'
import { measureOutages } from './outage.ts'
import { type RealStack, startRealStack } from './real-stack.ts'
import { type NodeRecorder, startNodeRecorder } from './recorder.ts'
import { measureSharedSpool } from './shared-spool.ts'
import { listServerSdks } from './subjects.ts'

/** Parts, in the order in which they are measured. */
const PARTS = ['cost', 'ends', 'outage', 'spool', 'import'] as const

type Part = (typeof PARTS)[number]

type Report = (line: string) => void

/**
 * Measures; about a quarter of an hour. `MILLRACE_BENCH_PARTS` takes some, as `cost,ends`, and `MILLRACE_BENCH_SDKS` some
 * SDKs. A part that fails has its error in the results and does not stop the others.
 */
export const measureSdkNode: Measurement = async (report) => {
  const chosen = process.env['MILLRACE_BENCH_PARTS']?.split(',') ?? PARTS
  const has = (part: Part) => chosen.includes(part)
  const sdks = listServerSdks()
  const results: Measured[] = [measureLoad('before')]
  const measure = (part: Part, work: () => Promise<Measured[]>) => attempt(results, part, work)
  if (has('cost')) await measure('cost', () => withRecorder((one) => measureCost(sdks, one, report)))
  if (has('ends')) await measure('ends', () => withRecorder((one) => measureEnds(sdks, one, report)))
  if (has('ends') || has('spool') || has('import')) {
    await measure('spool', () => withStack((stack) => measureOnStack(stack, has, report)))
  }
  if (has('outage')) await measure('outage', () => measureOutages(sdks, report))
  return [...results, measureLoad('after')]
}

async function measureOnStack(
  stack: RealStack,
  has: (part: Part) => boolean,
  report: Report,
): Promise<Measured[]> {
  const sdks = listServerSdks()
  const results: Measured[] = []
  const measure = (part: Part, work: () => Promise<Measured[]>) => attempt(results, part, work)
  if (has('ends')) await measure('ends', () => measureSpooledEnds(sdks, stack, report))
  if (has('spool')) await measure('spool', () => measureSharedSpool(sdks, stack, report))
  if (has('import')) await measure('import', () => measureImport(stack, report))
  return results
}

async function attempt(results: Measured[], part: Part, work: () => Promise<Measured[]>): Promise<void> {
  try {
    results.push(...(await work()))
  } catch (error) {
    results.push(describeFailure(part, 'all of it', firstLineOf(error)))
  }
}

/** Other programs on the machine make times longer. */
function measureLoad(when: string): Measured {
  return {
    name: `load of the machine ${when}`,
    value: loadavg()[0] ?? Number.NaN,
    unit: 'running, one minute',
  }
}

async function withRecorder<T>(work: (recorder: NodeRecorder) => Promise<T>): Promise<T> {
  const recorder = await startNodeRecorder()
  try {
    return await work(recorder)
  } finally {
    await recorder.stop()
  }
}

async function withStack<T>(work: (stack: RealStack) => Promise<T>): Promise<T> {
  const stack = await startRealStack()
  try {
    return await work(stack)
  } finally {
    await stack.stop()
  }
}
