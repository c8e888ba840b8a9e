/** The fault simulator over many seeds, in two processes: bounded, and resumable by the file of its progress. */

import { fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Measured } from '../measure.ts'
import { describeTotals } from './describe.ts'
import type { News, SeedNews, WarehouseNews, Work } from './news.ts'
import type { FaultOptions } from './options.ts'
import { readProgress, SUMS, type Totals, writeProgress } from './progress.ts'

const PROGRESS = fileURLToPath(new URL('../../../.millrace/faults-progress.json', import.meta.url))

/** How often it is said how far it is. */
const REPORT_MS = 10_000

const PROCESSES = 2

/**
 * Plays seeds until all are done or the time is over. A seed with a problem stops nothing: it is told with its schedule, named in
 * the end, and the exit code is 1.
 */
export async function measureFaults(
  options: FaultOptions,
  report: (line: string) => void,
  progressFile: string = PROGRESS,
): Promise<Measured[]> {
  const { seeds, eventsASeed, seed: only, minutes } = options
  const isWhole = only === undefined
  const totals = readProgress(isWhole ? progressFile : '', eventsASeed)
  if (totals.seeds > 0) report(`goes on after ${totals.seeds} seeds`)
  const startedAt = performance.now()
  const wallBefore = totals.wallMs
  let reportedAt = startedAt
  const hear = (news: News) => {
    if (news.failure !== undefined) report(news.failure)
    if (news.kind === 'seed') addSeed(totals, news)
    else addWarehouse(totals, news, report)
    totals.wallMs = wallBefore + performance.now() - startedAt
    if (isWhole) writeProgress(progressFile, totals)
    else if (news.kind === 'seed' && news.failure === undefined)
      report(`seed ${news.seed} has no problem; its schedule has the hash ${news.hash}`)
    if (performance.now() - reportedAt < REPORT_MS) return
    reportedAt = performance.now()
    report(describeProgress(totals, seeds))
  }
  const endsAfterMs = minutes * 60_000
  const works: Work[] = isWhole
    ? Array.from({ length: PROCESSES }, (_, worker) => ({
        ...{ worker, first: nextOf(totals, worker), last: seeds, step: PROCESSES, eventsASeed, endsAfterMs },
      }))
    : [{ worker: 0, first: only, last: only, step: 1, eventsASeed, endsAfterMs }]
  await Promise.all(works.filter(({ first, last }) => first <= last).map((work) => startWorker(work, hear)))
  // Done: the next run begins anew.
  if (isWhole && totals.seeds >= seeds) rmSync(progressFile, { force: true })
  reportFailed(totals, report)
  return describeTotals(totals)
}

function nextOf(totals: Totals, worker: number): number {
  const last = totals.done[worker] ?? 0
  return last === 0 ? worker + 1 : last + PROCESSES
}

/** Ends with its process. */
function startWorker(work: Work, hear: (news: News) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('./play-seeds.ts', import.meta.url)))
    let isEnded = false
    child.on('message', (news) => hear(news as News))
    child.on('disconnect', () => {
      isEnded = true
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (code === 0 && isEnded) resolve()
      else reject(new Error(`process ${work.worker} of the seeds ended with ${signal ?? code}`))
    })
    child.send(work)
  })
}

/** Adds a seed to the sums. */
export function addSeed(totals: Totals, news: SeedNews): void {
  totals.done[news.worker] = news.seed
  totals.seeds += 1
  totals.events += news.made
  for (const name of SUMS) totals[name] += news[name]
  for (const [kind, count] of Object.entries(news.faults))
    totals.faults[kind] = (totals.faults[kind] ?? 0) + count
  if (news.failure !== undefined) addFailed(totals, [news.seed])
}

function addWarehouse(totals: Totals, news: WarehouseNews, report: (line: string) => void): void {
  for (const name of ['seeds', 'events', 'rows', 'processorMs'] as const) totals.warehouse[name] += news[name]
  addFailed(totals, news.failed)
  if (totals.seeds === 1) return
  const share = news.every === 1 ? 'all seeds' : `one seed in ${news.every}`
  report(
    `${news.seeds} seeds were in the real ClickHouse for ${Math.round(news.processorMs)} ms; ${share} from here on`,
  )
}

function addFailed(totals: Totals, seeds: readonly number[]): void {
  totals.failed = [...new Set([...totals.failed, ...seeds])].sort((a, b) => a - b)
}

function describeProgress({ seeds, events, failed, wallMs, warehouse }: Totals, all: number): string {
  const rate = Math.round((1_000 * events) / wallMs)
  return `${seeds} of ${all} seeds, ${events} events, ${rate} a second, ${warehouse.seeds} seeds in the real ClickHouse, ${failed.length} with problems`
}

function reportFailed({ failed, eventsASeed }: Totals, report: (line: string) => void): void {
  if (failed.length === 0) return
  process.exitCode = 1
  report(`${failed.length} seeds have a problem; each runs again exactly:`)
  for (const seed of failed) report(`npm run bench -- faults --seed ${seed} --events-a-seed ${eventsASeed}`)
}
