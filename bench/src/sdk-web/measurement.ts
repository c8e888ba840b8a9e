/** Our browser SDK beside every peer that is on npm: bytes, cost to the page and what a burst becomes on the wire. */

import { loadavg } from 'node:os'
import { launchBrowser } from '../../../test/support/browser.ts'
import { type Measured, type Measurement, quantile } from '../measure.ts'
import { METRICS, type SdkMeasured } from './metrics.ts'
import { bundleSdk, listSdks, type Sdk } from './peers.ts'
import { startRecorder } from './recorder.ts'
import {
  measureFewCalls,
  measureRepeatedBurst,
  measureVariedBurst,
  type RoundInput,
  type RoundResult,
} from './round.ts'
import { measureOwnPaths, measureSdkSizes } from './sdk-sizes.ts'

const ROUNDS = 3

/** No SDK's turn begins after it, so that the whole stays within nine minutes; what is left out has fewer samples. */
const LAST_TURN_AFTER_MS = 480_000

/** An SDK under measurement. */
interface Subject {
  sdk: Sdk
  results: RoundResult[]
  errors: string[]
}

/** Measures all of them, taking turns; one that fails has its error in the results and does not stop the others. */
export const measureSdkWeb: Measurement = async (report) => {
  const began = performance.now()
  // Before all else: what is built may be built anew meanwhile.
  const first = [measureLoad('before'), ...measureOwnPaths()]
  const subjects = listSdks().map((sdk): Subject => ({ sdk, results: [], errors: [] }))
  const bundles = await bundleSubjects(subjects)
  const recorder = await startRecorder(bundles)
  const browser = await launchBrowser()
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      report(`round ${round + 1} of ${ROUNDS}`)
      for (const subject of subjects.filter(({ sdk }) => bundles.has(sdk.name))) {
        if (performance.now() - began > LAST_TURN_AFTER_MS) break
        await measureRound(subject, { browser, recorder, sdk: subject.sdk.name, round })
      }
    }
  } finally {
    await browser.close()
    await recorder.stop()
  }
  return [...first, measureLoad('after'), ...subjects.flatMap(describeSubject)]
}

/** Other programs on the machine make times longer; then the processor's count, and the least of the samples. */
function measureLoad(when: string): Measured {
  return {
    name: `load of the machine ${when}`,
    value: loadavg()[0] ?? Number.NaN,
    unit: 'running, one minute',
  }
}

async function bundleSubjects(subjects: readonly Subject[]): Promise<Map<string, string>> {
  const bundles = new Map<string, string>()
  for (const { sdk, results, errors } of subjects) {
    try {
      const bundle = await bundleSdk(sdk)
      bundles.set(sdk.name, bundle)
      results.push(measureSdkSizes(sdk, bundle))
    } catch (error) {
      errors.push(`bundle: ${firstLine(error)}`)
    }
  }
  return bundles
}

async function measureRound({ results, errors }: Subject, input: RoundInput): Promise<void> {
  const visits = [measureFewCalls, measureRepeatedBurst, measureVariedBurst]
  for (const visit of visits) {
    try {
      results.push(await visit(input))
    } catch (error) {
      errors.push(`round ${input.round + 1}: ${visit.name}: ${firstLine(error)}`)
    }
  }
}

function describeSubject({ sdk, results, errors }: Subject): SdkMeasured[] {
  const lines = METRICS.flatMap((metric): SdkMeasured[] => {
    const samples = results.flatMap((result) => result[metric.id] ?? [])
    if (samples.length === 0) return []
    const isAimed = sdk.name === 'millrace' && 'aim' in metric
    return [
      {
        ...describeLine(sdk, metric.id, metric.label, metric.unit),
        value: quantile(samples, 0.5),
        ...(samples.length > 1 ? { samples } : {}),
        ...(isAimed ? { aim: metric.aim } : {}),
      },
    ]
  })
  const failures = errors.map(
    (error): SdkMeasured => ({ ...describeLine(sdk, 'failed', 'failed', 'times'), value: 1, error }),
  )
  return [...lines, ...failures]
}

function describeLine(sdk: Sdk, metric: string, label: string, unit: string): Omit<SdkMeasured, 'value'> {
  return { name: `${sdk.name}: ${label}`, sdk: `${sdk.name} ${sdk.version}`, metric, unit }
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0] ?? ''
}
