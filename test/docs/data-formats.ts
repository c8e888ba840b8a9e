/** Checks blocks that are data: JSON, TOML, YAML and CSV must be readable, and `wrangler.toml` without a remark from wrangler. */

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse as parseCsv } from 'csv-parse/sync'
import { parse as parseToml } from 'smol-toml'
import { ROOT } from '../../scripts/setup.mjs'
import { type Block, placeOf } from './blocks.ts'
import type { Finding } from './compile.ts'
import { projectPath } from './modules.ts'

/** What we use of the package `yaml`. */
interface Yaml {
  parseAllDocuments: (text: string) => { errors: Error[]; warnings: Error[] }[]
}

/** What reads a language; it throws for what it cannot read. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  json: (text) => JSON.parse(text),
  jsonc: (text) => JSON.parse(withoutComments(text)),
  ndjson: (text) =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  toml: (text) => parseToml(text),
  yaml: readYaml,
  yml: readYaml,
  // Rows of other lengths than the first are refused by default.
  csv: (text) => parseCsv(text),
}

/** Languages of {@link checkData}. */
export function isData({ language }: Block): boolean {
  return language in READERS
}

/** What is wrong with a block of data. */
export function checkData(block: Block): Finding[] {
  try {
    READERS[block.language]?.(block.code)
    return []
  } catch (error) {
    return [{ place: placeOf(block), message: error instanceof Error ? error.message : String(error) }]
  }
}

/** What wrangler remarks on blocks of `wrangler.toml`. A part of one is read at the end of the repository's own. */
export async function checkWranglerFiles(blocks: readonly Block[]): Promise<Finding[]> {
  const folder = projectPath('wrangler')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const own = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8')
  const found = await Promise.all(
    blocks.map(async (block, index): Promise<Finding[]> => {
      const path = join(folder, `${index}.toml`)
      await writeFile(path, /^main *=/m.test(block.code) ? block.code : `${own}\n${block.code}`)
      const remarks = await readByWrangler(path)
      return remarks === '' ? [] : [{ place: placeOf(block), message: remarks }]
    }),
  )
  return found.flat()
}

/** Output of the program `read-wrangler-file.ts`: nothing where all is well. */
async function readByWrangler(path: string): Promise<string> {
  const program = join(ROOT, 'test/docs/read-wrangler-file.ts')
  const env = { ...process.env, WRANGLER_LOG: 'warn', NO_COLOR: '1' }
  return promisify(execFile)(process.execPath, [program, path], { env }).then(
    ({ stdout, stderr }) => (stdout + stderr).trim(),
    (error: Error) => error.message,
  )
}

/** The package is asked for only where there is something to read: what it lacks is told of that block. */
function readYaml(text: string): void {
  const { parseAllDocuments }: Yaml = createRequire(import.meta.url)('yaml')
  for (const { errors, warnings } of parseAllDocuments(text)) {
    const [problem] = [...errors, ...warnings]
    if (problem !== undefined) throw problem
  }
}

/** Comments of lines of their own, or behind a value: enough for examples. */
function withoutComments(text: string): string {
  return text.replace(/^(\s*|[^"\n]*|.*[",\]}]\s+)\/\/.*$/gm, '$1')
}
