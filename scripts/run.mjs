// Runs a script of the repository on the pinned Node, after installing what is missing:
// `node scripts/run.mjs local/src/start.ts --watch`. Passes arguments, signals and the exit code on.

import { spawn } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'
import { PINNED_NODE, ROOT, setup } from './setup.mjs'

const [script, ...args] = process.argv.slice(2)
if (script === undefined) {
  console.error('usage: node scripts/run.mjs SCRIPT [ARGUMENTS]')
  process.exit(2)
}

try {
  setup()
} catch (error) {
  console.error(`millrace: ${error.message}`)
  process.exit(1)
}

const path = [dirname(PINNED_NODE), join(ROOT, 'node_modules', '.bin'), process.env['PATH']].join(delimiter)
const child = spawn(PINNED_NODE, [join(ROOT, script), ...args], {
  // The channel tells the child when this process is gone, however it ended.
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  env: { ...process.env, PATH: path, WRANGLER_SEND_METRICS: 'false' },
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  console.error(`millrace: ${PINNED_NODE} could not be started: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code ?? 1)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})
