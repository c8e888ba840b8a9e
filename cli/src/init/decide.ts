/** Decides what becomes of each file of a project, by what is there already. Pure. */

import type { ProjectFile } from './project-files.ts'

/**
 * What becomes of a file: `create` where there is none, `unchanged` where it is the same, `add` where it lacks something and
 * loses nothing, `differs` where somebody has to say.
 */
export type FileVerdict = 'create' | 'unchanged' | 'add' | 'differs'

/** A file with what becomes of it. */
export interface DecidedFile {
  name: string
  verdict: FileVerdict
  /** What it is to hold. */
  text: string
  /** As of the {@link ProjectFile}. */
  mode?: number
}

/**
 * Decides for one file.
 *
 * @param existing its text; `undefined`: there is none
 * @throws Error that says why it cannot be added to
 */
export function decideFile(
  { name, text, mode, merge }: ProjectFile,
  existing: string | undefined,
): DecidedFile {
  if (existing === undefined)
    return { name, text, verdict: 'create', ...(mode === undefined ? {} : { mode }) }
  const wanted = merge === undefined ? text : merge(existing)
  if (wanted === existing) return { name, text: existing, verdict: 'unchanged' }
  return { name, text: wanted, verdict: merge === undefined ? 'differs' : 'add' }
}

/** What can be done with a file that differs. */
export type Choice = 'overwrite' | 'keep' | 'beside'

/** `README.md.new`, or with a number where that is taken by another text. */
export function nameBeside(name: string, attempt: number): string {
  return attempt === 1 ? `${name}.new` : `${name}.new-${attempt}`
}
