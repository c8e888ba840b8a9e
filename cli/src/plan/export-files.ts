/** Writes exported plans: which file gets what. */

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  type ExportedSchema,
  exportJsonSchema,
  exportMarkdown,
  type TrackingPlan,
} from '@millrace/schemas/plan'
import { UsageError } from '../command-world.ts'
import { toJson } from '../output.ts'

/** What is written of a plan. */
export type ExportFormat = 'json' | 'markdown' | 'both'

/** A file to write. */
export interface ExportFile {
  /** Relative, with `/`. */
  path: string
  text: string
}

/** The files of one source: `<source>/data-dictionary.md`, `<source>/track/<event>.schema.json`, `<source>/page.schema.json`. */
export function buildFiles(source: string, plan: TrackingPlan, format: ExportFormat): ExportFile[] {
  const dictionary = { path: `${source}/data-dictionary.md`, text: exportMarkdown(plan, titleOf(source)) }
  return [
    ...(format === 'json' ? [] : [dictionary]),
    ...(format === 'markdown' ? [] : buildSchemas(source, plan)),
  ]
}

/** One format of one plan, for standard output: Markdown, or a JSON array of documents. */
export function buildText(source: string, plan: TrackingPlan, format: 'json' | 'markdown'): string {
  if (format === 'markdown') return exportMarkdown(plan, titleOf(source))
  return toJson(exportJsonSchema(plan).map(({ document }) => document))
}

/**
 * Writes files below a folder, which is created. Others that are there stay.
 *
 * @throws UsageError when the folder cannot be written to
 */
export async function writeFiles(folder: string, files: readonly ExportFile[]): Promise<void> {
  for (const { path, text } of files) {
    const target = join(folder, path)
    try {
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, text)
    } catch (cause) {
      throw new UsageError(`cannot write ${target}: ${(cause as Error).message}`, { cause })
    }
  }
}

function titleOf(source: string): string {
  return `Data dictionary of ${source}`
}

function buildSchemas(source: string, plan: TrackingPlan): ExportFile[] {
  const taken = new Set<string>()
  return exportJsonSchema(plan).map((schema) => {
    const stem = `${source}/${stemOf(schema)}`
    const path = findFree(stem, taken)
    taken.add(path)
    return { path, text: toJson(schema.document) }
  })
}

function stemOf({ type, event }: ExportedSchema): string {
  if (event === undefined) return type
  const name = event
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
  return `track/${name === '' ? 'event' : name}`
}

/** Two names may differ by case or signs only. */
function findFree(stem: string, taken: ReadonlySet<string>): string {
  for (let count = 1; ; count++) {
    const path = `${stem}${count === 1 ? '' : `-${count}`}.schema.json`
    if (!taken.has(path)) return path
  }
}
