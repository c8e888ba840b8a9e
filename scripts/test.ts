/**
 * `npm test`: checks, then every test. With arguments (`npm test -- collector`), only builds and passes them to vitest.
 */

import { ensureChromium, ensureFirefox } from './browsers.mjs'
import { build } from './build.ts'
import { check } from './check.ts'
import { runAsScript, runStep } from './step.ts'

const args = process.argv.slice(2)

await runAsScript(import.meta.url, async () => {
  const browsers = { CHROMIUM_PATH: ensureChromium(), FIREFOX_PATH: ensureFirefox() }
  await (args.length === 0 ? check() : build())
  await runStep('tests', 'vitest', ['run', ...args], { isLoud: true, env: browsers })
})
