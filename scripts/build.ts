/**
 * Builds what ships: both SDKs, the static assets the Worker serves, and the Worker itself as wrangler would upload it.
 * `dist/assets-development` is the same assets with the demo shop beside them.
 */

import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT } from './setup.mjs'
import { runStep } from './step.ts'

const DIST = join(ROOT, 'dist')

/** The script tag is loaded by other origins, and may be checked by them (SRI), so it is readable across origins. */
const HEADERS = `/millrace.js
  Access-Control-Allow-Origin: *
  Cache-Control: public, max-age=3600
`

/** Builds everything; a few seconds. */
export async function build(): Promise<void> {
  await runStep('build sdk-web', 'npm', ['run', 'build', '--workspace', 'sdk-web'])
  await runStep('build sdk-node', 'npm', ['run', 'build', '--workspace', 'sdk-node'])
  await buildAssets()
  await runStep('build worker', 'wrangler', ['deploy', '--dry-run', '--outdir', join(DIST, 'worker')])
}

async function buildAssets(): Promise<void> {
  const assets = join(DIST, 'assets')
  const development = join(DIST, 'assets-development')
  await rm(assets, { recursive: true, force: true })
  await rm(development, { recursive: true, force: true })
  await mkdir(assets, { recursive: true })
  await cp(join(ROOT, 'sdk-web/dist/millrace.js'), join(assets, 'millrace.js'))
  await writeFile(join(assets, '_headers'), HEADERS)
  await cp(assets, development, { recursive: true })
  await cp(join(ROOT, 'local/demo'), join(development, 'demo'), { recursive: true })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build()
