#!/usr/bin/env node
/** Starts the command with a Node that runs TypeScript: this one if it can, otherwise the one installed beside the package. */

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** In the repository the sources run as they are; the package has the bundle. */
const source = new URL('../src/index.ts', import.meta.url)
const entry = existsSync(source) ? source : new URL('../dist/cli.js', import.meta.url)

/** Node strips types by itself since 22.18 and 23.6, and says so here (nodejs.org/api/process.html#processfeaturestypescript). */
if (process.features.typescript) {
  await import(entry.href)
} else {
  const node = findInstalledNode(dirname(fileURLToPath(import.meta.url)))
  if (node === undefined) {
    console.error(
      `millrace: Node 22.18, 23.6 or newer is needed, this is ${process.version}.\n` +
        'Install a newer Node, or let npm bring one (in the repository and in a project `npm install` does):\n' +
        // Not all that was typed: there may be a password in it, and this may be a log.
        `  npx -p node@24 -p millrace millrace ${process.argv[2]?.match(/^[a-z]+$/) ? `${process.argv[2]} ` : ''}…`,
    )
    process.exit(2)
  }
  runWith(node)
}

/** The binary of the npm package `node`, in the nearest node_modules upward. */
function findInstalledNode(folder) {
  for (const name of ['node', 'node.exe']) {
    const candidate = join(folder, 'node_modules', 'node', 'bin', name)
    if (existsSync(candidate)) return candidate
  }
  const parent = dirname(folder)
  return parent === folder ? undefined : findInstalledNode(parent)
}

/** Runs the entry in `node` with the same arguments and streams, and ends as it ends. */
function runWith(node) {
  const child = spawn(node, [fileURLToPath(entry), ...process.argv.slice(2)], { stdio: 'inherit' })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  const forward = (signal) => child.kill(signal)
  for (const signal of signals) process.on(signal, forward)
  child.on('error', (error) => {
    console.error(`millrace: cannot start ${node}: ${error.message}`)
    process.exit(2)
  })
  child.on('exit', (code, signal) => {
    for (const name of signals) process.off(name, forward)
    // Dying of the same signal tells a shell more than a number does.
    if (signal !== null) process.kill(process.pid, signal)
    else process.exit(code ?? 1)
  })
}
