/** Loads configurations as `millrace` and the Worker do, so that `defineConfig` has checked each. A program: paths in, JSON out. */

import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

/** The package's own build where there is one, else what it is built from. */
const BUILT = new URL('../../cli/dist/config.js', import.meta.url)
const SOURCE = new URL('../../schemas/src/config.ts', import.meta.url)

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'millrace/config'
      ? { url: (existsSync(BUILT) ? BUILT : SOURCE).href, shortCircuit: true }
      : next(specifier, context),
})

const messages: Record<string, string> = {}
for (const path of process.argv.slice(2)) {
  try {
    const { default: config } = await import(pathToFileURL(path).href)
    if (!Array.isArray(config?.sources)) messages[path] = 'exports no configuration by default'
  } catch (error) {
    messages[path] = error instanceof Error ? error.message : String(error)
  }
}
process.stdout.write(JSON.stringify(messages))
