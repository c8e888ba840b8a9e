/** Format, lint, types, licences, generated `Env`, and a deploy that stops before it deploys. */

import { buildPackage } from '../cli/build.ts'
import { build } from './build.ts'
import { checkLicences } from './licences.ts'
import { checkPackages } from './packages.ts'
import { checkQuotes } from './quotes.ts'
import { runAsScript, runStep } from './step.ts'

/** Folders with a `tsconfig.json`. */
const PROJECTS = [
  '.',
  'schemas',
  'sdk-web',
  'sdk-node',
  'collector',
  'consumers',
  'cli',
  'dashboard',
  'local',
  'site',
  'test',
  'bench',
  'scripts',
]

/** How `Env` is generated; `npm run check` compares with it, so the two must be the same. */
export const WRANGLER_TYPES = [
  'types',
  'worker-configuration.d.ts',
  '--include-runtime=false',
  '--strict-vars=false',
]

/** Checks everything that needs no test; builds first, because types of the SDKs come from their builds. */
export async function check(): Promise<void> {
  await build()
  await buildPackage()
  await runStep('format and lint', 'biome', ['check', '--colors=off', '--error-on-warnings', '.'])
  for (const project of PROJECTS) await runStep(`types of ${project}`, 'tsc', ['-p', project])
  checkLicences()
  await checkPackages()
  await checkQuotes()
  await runStep('dry-run deploy', 'wrangler', ['deploy', '--dry-run'])
  await runStep('Env is current', 'wrangler', [...WRANGLER_TYPES, '--check'])
}

await runAsScript(import.meta.url, check)
