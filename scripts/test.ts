/**
 * `npm test`: checks, then every test. With arguments (`npm test -- collector`), only builds and passes them to vitest.
 */

import { build } from './build.ts'
import { check } from './check.ts'
import { ensureChromium } from './chromium.mjs'
import { runAsScript, runStep } from './step.ts'

const args = process.argv.slice(2)

await runAsScript(import.meta.url, async () => {
  const chromium = ensureChromium()
  await (args.length === 0 ? check() : build())
  await runStep('tests', 'vitest', ['run', ...args], { isLoud: true, env: { CHROMIUM_PATH: chromium } })
})
