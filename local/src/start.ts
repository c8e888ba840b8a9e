/** `npm start`: the stack of this repository, built before it starts and ended by Ctrl-C. `--watch` restarts on change. */

import type { MillraceConfig } from '@millrace/schemas/config'
import { build } from '../../scripts/build.ts'
import { ROOT } from './places.ts'
import { isRepositorySource, SOURCE_FOLDERS } from './repository-sources.ts'
import { serve } from './serve.ts'
import { SIGNALS } from './signals.ts'
import { watchFolders } from './watch.ts'

const ending = new AbortController()
const end = () => ending.abort()
for (const signal of SIGNALS) process.on(signal, end)
// The launcher is gone without a signal, for example killed: nobody is left to stop us.
process.on('disconnect', end)

process.exit(
  await serve({
    readEnv: async () => process.env,
    secretsPlace: 'the environment',
    readConfig,
    build,
    ...(process.argv.includes('--watch') ? { watch } : {}),
    signal: ending.signal,
    print: (text) => console.log(text),
    say,
  }),
)

function watch(onChange: () => Promise<void>): void {
  watchFolders({ root: ROOT, folders: SOURCE_FOLDERS, isSource: isRepositorySource, onChange, say })
}

function say(line: string): void {
  console.error(`millrace: ${line}`)
}

/** `millrace.config.ts` as it is now. Read here first, because its mistakes are one line here and a page from workerd. */
async function readConfig(): Promise<MillraceConfig> {
  const { default: config } = await import(`../../millrace.config.ts?read=${Date.now()}`)
  return config
}
