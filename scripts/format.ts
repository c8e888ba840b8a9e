/** Formats, mends what the linter can mend, and generates `Env` anew. */

import { WRANGLER_TYPES } from './check.ts'
import { runAsScript, runStep } from './step.ts'

await runAsScript(import.meta.url, async () => {
  await runStep('generate Env', 'wrangler', WRANGLER_TYPES)
  await runStep('format and lint', 'biome', ['check', '--write', '.'], { isLoud: true })
})
