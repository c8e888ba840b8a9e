/**
 * Made the golden files of 0.1.0, by the source tree that was released. It is never run again for this release: what it would
 * write then is what a later version leaves behind, and the files would prove nothing. A later release gets a folder of its own.
 *
 * `node test/golden/0.1.0/make.ts [worker|browser|spool|import|contract …]`, after `npm run build`.
 */

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../../scripts/setup.mjs'
import { goldenPath } from '../../support/release-files.ts'
import { makeBrowserFiles, makeImportFiles, makeSpoolFiles } from '../../support/release-make-clients.ts'
import { makeContractFiles } from '../../support/release-make-contract.ts'
import { makeWorkerFiles } from '../../support/release-make-worker.ts'

const RELEASE = '0.1.0'

interface Maker {
  /** What it writes; removed before. */
  writes: readonly string[]
  make: () => Promise<void>
}

const MAKERS: Record<string, Maker> = {
  worker: {
    writes: ['messages', 'rows', 'r2', 'live', 'warehouse', 'requests.jsonl', 'requests-large.jsonl.gz'],
    make: makeWorkerFiles,
  },
  browser: { writes: ['clients/browser.json'], make: makeBrowserFiles },
  spool: { writes: ['clients/node-spool.jsonl', 'clients/node-spool-sent.jsonl'], make: makeSpoolFiles },
  import: { writes: ['clients/import'], make: makeImportFiles },
  contract: { writes: ['contract'], make: makeContractFiles },
}

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
if (version !== RELEASE)
  throw new Error(`this is ${version}: the golden files of ${RELEASE} are what ${RELEASE} left`)
if (existsSync(goldenPath('released')))
  throw new Error(`${RELEASE} is released: its golden files are not made again`)
const wanted = process.argv.slice(2)
for (const [name, { writes, make }] of Object.entries(MAKERS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  for (const path of writes) rmSync(goldenPath(path), { recursive: true, force: true })
  await make()
}
