/** Settles what becomes of each file: decides where that is clear, and has somebody asked where a file differs. Writes none. */

import { join } from 'node:path'
import { type Choice, type DecidedFile, decideFile, nameBeside } from './decide.ts'
import { type FoundFile, InitFailure, type NewFile, type ProjectFolder } from './folder.ts'
import { PACKAGE_FILE, type ProjectFile } from './project-files.ts'
import type { FileOutcome } from './report.ts'

/** Says what becomes of a file that differs. */
export type Chooser = ((name: string) => Promise<Choice>) & { isAsked: boolean }

/** What becomes of a file, and what of it has to be written. */
export interface Settled {
  outcome: FileOutcome
  write?: NewFile
}

/** Where it happens. */
export interface SettleOptions {
  folder: ProjectFolder
  found: ReadonlyMap<string, FoundFile>
  choose: Chooser
}

/**
 * Settles all, in their order. What cannot be added to is found before anybody is asked.
 *
 * @returns also the text that `package.json` is to have
 * @throws InitFailure for a file that cannot be added to
 */
export async function settleFiles(
  files: readonly ProjectFile[],
  options: SettleOptions,
): Promise<{ settled: Settled[]; packageJson: string }> {
  const decided = files.map((file) => decide(file, options))
  const settled: Settled[] = []
  for (const file of decided) settled.push(await settle(file, options))
  return { settled, packageJson: decided.find(({ name }) => name === PACKAGE_FILE)?.text ?? '' }
}

function decide(file: ProjectFile, { found, folder }: SettleOptions): DecidedFile {
  try {
    return decideFile(file, found.get(file.name)?.text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new InitFailure(`${join(folder.path, file.name)} ${why}`, { cause })
  }
}

async function settle(
  { name, text, verdict, mode }: DecidedFile,
  { folder, found, choose }: SettleOptions,
): Promise<Settled> {
  const write: NewFile = { name, text, before: found.get(name), ...(mode === undefined ? {} : { mode }) }
  if (verdict === 'create') return { outcome: { name, outcome: 'created' }, write }
  if (verdict === 'add') return { outcome: { name, outcome: 'added to' }, write }
  if (verdict === 'unchanged') return { outcome: { name, outcome: 'unchanged' } }
  const choice = await choose(name)
  if (choice === 'overwrite') return { outcome: { name, outcome: 'overwritten' }, write }
  if (choice === 'keep') return { outcome: { name, outcome: 'kept' } }
  return settleBeside(name, text, folder)
}

async function settleBeside(name: string, text: string, folder: ProjectFolder): Promise<Settled> {
  for (let attempt = 1; ; attempt++) {
    const beside = nameBeside(name, attempt)
    const before = await folder.read(beside)
    if (before !== undefined && before.text !== text) continue
    const outcome: FileOutcome = { name, outcome: 'beside', beside }
    return before === undefined ? { outcome, write: { name: beside, text, before } } : { outcome }
  }
}
