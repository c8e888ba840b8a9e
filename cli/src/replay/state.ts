/** Remembers which files of a replay are loaded, so that one that was cut off goes on. A journal of JSON lines. */

import { createHash } from 'node:crypto'
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ManifestFile } from '@millrace/schemas/lake'
import type { Range } from './rows.ts'

/** What a replay is about: another one begins anew. */
export type ReplayParameters = Readonly<Record<string, string | number | boolean | readonly string[]>>

/** What a replay began with, for the one that goes on. */
export interface ReplayStart {
  /** Names the replay. */
  id: string
  /** As it was understood then: `24h` is another time now. */
  range: Range
}

/** The journal of one replay. */
export interface ReplayState extends ReplayStart {
  path: string
  /** Whether it goes on with what one before has begun. */
  isResumed: boolean
  /** Whether this very content is loaded. */
  has: (file: Pick<ManifestFile, 'path' | 'sha256'>) => boolean
  add: (files: readonly Pick<ManifestFile, 'path' | 'sha256'>[]) => Promise<void>
  /** Takes the journal away: all is done. */
  remove: () => Promise<void>
}

/** `.millrace/replay-shop-0123456789ab.json`, in the folder where the command is run. */
export function defaultStatePath(name: string, parameters: ReplayParameters): string {
  const hash = createHash('sha256').update(JSON.stringify(parameters)).digest('hex')
  return join('.millrace', `replay-${name}-${hash.slice(0, 12)}.json`)
}

/**
 * Opens the journal, or begins one. What is in the file for other parameters, or cannot be read, is begun anew.
 *
 * @param start what a new one begins with
 */
export async function openState(
  path: string,
  parameters: ReplayParameters,
  start: ReplayStart,
): Promise<ReplayState> {
  const known = await readJournal(path, parameters)
  if (known === undefined) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, `${JSON.stringify({ version: 1, parameters, ...start })}\n`)
  } else if (!known.isWhole) await appendFile(path, '\n')
  const { id, range } = known?.start ?? start
  const done = known?.done ?? new Set<string>()
  return {
    id,
    range,
    path,
    isResumed: known !== undefined,
    has: (file) => done.has(keyOf(file)),
    async add(files) {
      if (files.length === 0) return
      for (const file of files) done.add(keyOf(file))
      await appendFile(path, files.map((file) => `${JSON.stringify({ done: keyOf(file) })}\n`).join(''))
    },
    remove: () => rm(path, { force: true }),
  }
}

function keyOf({ path, sha256 }: Pick<ManifestFile, 'path' | 'sha256'>): string {
  return `${sha256} ${path}`
}

interface Journal {
  start: ReplayStart
  done: Set<string>
  /** Whether its last line has an end. */
  isWhole: boolean
}

async function readJournal(path: string, parameters: ReplayParameters): Promise<Journal | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '') // not there yet
  // A line without its end was cut off.
  const [head, ...lines] = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .map(parseLine)
  const { version, id, range } = head ?? {}
  const isSame = JSON.stringify(head?.['parameters']) === JSON.stringify(parameters)
  if (version !== 1 || !isSame || typeof id !== 'string') return undefined
  const done = lines.flatMap((line) => (typeof line['done'] === 'string' ? [line['done']] : []))
  return { start: { id, range: range as Range }, done: new Set(done), isWhole: text.endsWith('\n') }
}

function parseLine(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    // An empty line, or none of ours: it says that nothing is done.
    return {}
  }
}
