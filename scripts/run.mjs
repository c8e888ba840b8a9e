// Runs a script of the repository on the pinned Node, after installing what is missing:
// `node scripts/run.mjs local/src/start.ts --watch`. Passes arguments, signals and the exit code on.
//
// With `--own-group` first, the script gets a process group of its own and hears of a signal by the closing of its
// channel. Ctrl-C then reaches only this launcher, and the script decides in which order its children end; a signal
// would make miniflare end the Worker before its queue is empty.

import { spawn } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'
import { PINNED_NODE, ROOT, setup } from './setup.mjs'

const given = process.argv.slice(2)
const hasOwnGroup = given[0] === '--own-group'
const [script, ...args] = hasOwnGroup ? given.slice(1) : given
if (script === undefined) {
  console.error('usage: node scripts/run.mjs [--own-group] SCRIPT [ARGUMENTS]')
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
  detached: hasOwnGroup,
  env: { ...process.env, PATH: path, WRANGLER_SEND_METRICS: 'false' },
})
const end = (signal) => {
  if (!hasOwnGroup) child.kill(signal)
  else if (child.connected) child.disconnect()
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(signal))
// npm runs this in a shell that passes no signal on: when npm alone is ended, all one notices is another parent.
if (process.env['npm_lifecycle_event'] !== undefined) {
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && end('SIGTERM'), 500).unref()
}
child.on('error', (error) => {
  console.error(`millrace: ${PINNED_NODE} could not be started: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code ?? 1)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})
