/** Builds the documentation into `dist/site/`; ends with 1 when a link is broken. */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { openRepository } from './repository.ts'
import { buildSite, type Site } from './site.ts'

const ROOT = resolve(import.meta.dirname, '../..')

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(ROOT, 'dist/site') },
    'source-url': { type: 'string' },
    'allow-broken': { type: 'boolean', default: false },
  },
})

const started = performance.now()
const site = buildSite({ repository: openRepository(ROOT), sourceUrl: values['source-url'] })
write(site, values.out)
for (const problem of site.problems) console.error(problem)
const seconds = ((performance.now() - started) / 1000).toFixed(1)
console.log(`${site.files.size} files in ${values.out} (${seconds} s), ${site.problems.length} broken links`)
if (site.problems.length > 0 && !values['allow-broken']) process.exitCode = 1

function write({ files }: Site, out: string): void {
  rmSync(out, { recursive: true, force: true })
  for (const [place, content] of files) {
    const path = join(out, place)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
}
