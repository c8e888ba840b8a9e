/** Writes the references in `docs/reference/`; with `--check`, ends with 1 when one is not what the sources say. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { makeReferences } from './reference/make.ts'

const ROOT = resolve(import.meta.dirname, '../..')

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })

for (const [file, text] of makeReferences(ROOT)) {
  const path = join(ROOT, file)
  if (!values.check) writeFileSync(path, text)
  else if (readFileSync(path, 'utf8') !== text) {
    console.error(`${file} is not current: node site/src/references.ts`)
    process.exitCode = 1
  }
}
