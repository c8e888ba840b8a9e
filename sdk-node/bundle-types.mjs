/**
 * Puts the declarations of each entry, and of what they name, into `dist/types`: as `.d.ts` for importers and as `.d.cts`
 * for those who `require`, because TypeScript takes the kind of a module from the name of its declarations.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ENTRIES from './entries.json' with { type: 'json' }

const DIST = join(dirname(fileURLToPath(import.meta.url)), 'dist')
const DECLARED = join(DIST, 'declared')
const IMPORT = /((?:from|import)\s*\(?\s*['"])(\.[^'"]+)\.ts(['"])/g

const seen = new Set()

function copy(name) {
  if (seen.has(name)) return
  seen.add(name)
  const text = readFileSync(join(DECLARED, `${name}.d.ts`), 'utf8')
  // An example in a docstring may import.
  const bare = text.match(/^(?!\s*\*).*\bfrom ['"](?!\.)[^'"]*['"]/m)
  if (bare !== null) throw new Error(`${name}.d.ts must stand alone, but has ${bare[0]}`)
  for (const [extension, target] of [
    ['.d.ts', '.js'],
    ['.d.cts', '.cjs'],
  ]) {
    const file = join(DIST, 'types', name + extension)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text.replace(IMPORT, `$1$2${target}$3`))
  }
  for (const [, , path] of text.matchAll(IMPORT)) copy(join(dirname(name), path))
}

rmSync(join(DIST, 'types'), { recursive: true, force: true })
for (const source of Object.values(ENTRIES)) copy(source)
rmSync(DECLARED, { recursive: true })
