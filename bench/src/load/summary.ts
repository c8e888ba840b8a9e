/** From looks at the run to numbers about it. Pure. */

import { fitGrowthPerMinute, type Point } from './course.ts'
import type { Sample } from './sampler.ts'
import { cpuBetween, type ProcessName } from './stack/usage.ts'

/** Processor seconds for an event, and in what they were counted. */
export interface Cost {
  cpuSeconds: number
  events: number
}

/** Memory of a process over its life, or of what came in its place. */
export interface MemoryCourse {
  /** The most at once, MiB. */
  peakMiB: number
  /** Growth a minute of the longest stretch without a restart, after its beginning, and how long that stretch is. */
  growthMiB: number
  fittedSeconds: number
}

/** A process grows to its size: so much of a stretch is left out, at the most half of it. */
const WARM_UP_SECONDS = 60

/** Processor time for an acknowledged event, between looks in the quiet at the same processes. */
export function costOf(samples: readonly Sample[], name: ProcessName): Cost {
  let [cpuSeconds, events] = [0, 0]
  samples.forEach((sample, i) => {
    const before = samples[i - 1]
    if (before?.phase !== 'quiet' || sample.phase !== 'quiet') return
    const spent = cpuBetween(before.usage[name], sample.usage[name])
    if (spent === undefined) return
    cpuSeconds += spent
    events += sample.acked - before.acked
  })
  return { cpuSeconds: cpuSeconds / events, events }
}

/** How the memory of a process went. */
export function memoryOf(samples: readonly Sample[], name: ProcessName): MemoryCourse {
  const stretches = new Map<string, Point[]>()
  let peakMiB = 0
  for (const { at, usage } of samples) {
    const here = usage[name]
    if (here === undefined) continue
    // One process has its own mark; of several the sum at one moment is what counts.
    peakMiB = Math.max(peakMiB, here.pids.length === 1 ? here.peakMiB : here.memoryMiB)
    const key = here.pids.join()
    stretches.set(key, [...(stretches.get(key) ?? []), [at / 1_000, here.memoryMiB]])
  }
  const longest = [...stretches.values()].reduce((a, b) => (b.length > a.length ? b : a), [])
  const [from, until] = [longest[0]?.[0] ?? 0, longest.at(-1)?.[0] ?? 0]
  const fitFrom = from + Math.min(WARM_UP_SECONDS, (until - from) / 2)
  const fitted = longest.filter(([second]) => second >= fitFrom)
  return { peakMiB, growthMiB: fitGrowthPerMinute(fitted), fittedSeconds: until - fitFrom }
}

/** Acknowledged events a second in a phase, of its own time alone. */
export function rateOf(samples: readonly Sample[], isCounted: (sample: Sample) => boolean): number {
  let [events, seconds] = [0, 0]
  samples.forEach((sample, i) => {
    const before = samples[i - 1]
    if (before === undefined || !isCounted(before) || !isCounted(sample)) return
    events += sample.acked - before.acked
    seconds += (sample.at - before.at) / 1_000
  })
  return events / seconds
}
