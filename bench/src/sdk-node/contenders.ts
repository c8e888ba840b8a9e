/** What is measured: each SDK as it comes, and ours with a spool as well. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SubjectOptions } from './subject.ts'
import { OURS, type ServerSdk } from './subjects.ts'

/** A row of the tables. */
export interface Contender {
  /** What the row is called. */
  row: string
  sdk: ServerSdk
  /** How it spools, where it does. */
  spool?: { fsync?: 'always' | 'interval' | 'never' }
}

/** Row of ours with a spool as it comes. */
export const SPOOLED = `${OURS}, spool`

/** One row for each SDK. */
export function listPlain(sdks: readonly ServerSdk[]): Contender[] {
  return sdks.map((sdk) => ({ row: sdk.name, sdk }))
}

/** Ours with a spool, with its usual policy or another. */
export function listSpooled(
  sdks: readonly ServerSdk[],
  policies: readonly ('always' | 'never' | undefined)[] = [undefined],
): Contender[] {
  return sdks
    .filter(({ name }) => name === OURS)
    .flatMap((sdk) =>
      policies.map((fsync) => ({
        row: fsync === undefined ? SPOOLED : `${SPOOLED} ${fsync}`,
        sdk,
        spool: fsync === undefined ? {} : { fsync },
      })),
    )
}

/** Whether a row is one of ours. */
export function isOurs({ sdk }: Contender): boolean {
  return sdk.name === OURS
}

/**
 * Runs `work` with the options of a contender's client, with a spool of its own where it has one, which is removed
 * afterwards.
 */
export async function withOptions<T>(
  { spool }: Contender,
  options: Omit<SubjectOptions, 'spool' | 'fsync'>,
  work: (options: SubjectOptions) => Promise<T>,
): Promise<T> {
  if (spool === undefined) return work(options)
  return withFolder((directory) => work({ ...options, spool: directory, ...spool }))
}

/** Runs `work` with a new folder, which is removed afterwards, and when a signal ends this process too. */
export async function withFolder<T>(work: (path: string) => Promise<T>): Promise<T> {
  const path = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  const remove = () => rmSync(path, { recursive: true, force: true })
  process.once('exit', remove)
  try {
    return await work(path)
  } finally {
    process.removeListener('exit', remove)
    remove()
  }
}
