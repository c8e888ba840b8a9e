/** `npm start`: builds, starts the stack, says where everything is, and ends it on Ctrl-C. `--watch` restarts on change. */

import { resolve } from 'node:path'
import { build } from '../../scripts/build.ts'
import { DATABASE } from './migrate.ts'
import { readPort } from './ports.ts'
import { ROOT } from './root.ts'
import { type Stack, startStack } from './stack.ts'
import { watchSources } from './watch.ts'

/** Signals that end the stack. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

let stack: Stack | undefined
let isStopping = false

await main()

async function main(): Promise<void> {
  for (const signal of SIGNALS) process.on(signal, () => end(0))
  // The launcher is gone without a signal, for example killed: nobody is left to stop us.
  process.on('disconnect', () => end(0))
  try {
    stack = await launch()
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    end(1)
    return
  }
  if (isStopping) return
  if (process.argv.includes('--watch')) watchSources(ROOT, () => restart())
}

async function launch(): Promise<Stack> {
  const port = readPort('PORT', 8787)
  const clickhousePort = readPort('CLICKHOUSE_PORT', 8123)
  const dataPath = resolve(process.env['MILLRACE_DATA'] ?? '.millrace')
  await build()
  const launched = await startStack({ port, clickhousePort, dataPath, say, onWorkerLog: printTrouble })
  printReady(launched)
  return launched
}

/** Rebuilds and starts again on the same data. What cannot be built leaves the running stack as it is. */
async function restart(): Promise<void> {
  if (isStopping) return
  try {
    await build()
  } catch (error) {
    say(`not restarted: ${error instanceof Error ? error.message : String(error)}`)
    return
  }
  say('sources changed, restarting')
  await stack?.stop()
  stack = await launch()
}

function end(code: number): void {
  if (isStopping) return
  isStopping = true
  if (stack !== undefined) say('stopping: letting the queue hand on what it holds')
  const ending = stack?.stop() ?? Promise.resolve()
  ending.then(
    () => process.exit(code),
    (error: unknown) => {
      say(`could not stop cleanly: ${String(error)}`)
      process.exit(1)
    },
  )
}

function printReady({ worker, clickhouseUrl }: Stack): void {
  const query = `SELECT type, event, page_path, seq FROM ${DATABASE}.events FINAL ORDER BY received_at DESC, seq DESC LIMIT 10`
  console.log(`
ready
  demo shop   ${worker.url}/demo/
  collector   ${worker.url}      write key dev, secret key dev-secret, read token dev-read
  ClickHouse  ${clickhouseUrl}      database ${DATABASE}

Click around in the shop, then look at what arrived:
  curl '${clickhouseUrl}/?default_format=PrettyCompact' --data '${query}'

Ctrl-C ends everything; data stays in ${process.env['MILLRACE_DATA'] ?? '.millrace'}/.
`)
}

/** Of the Worker's structured lines only trouble is for the terminal. */
function printTrouble(line: string): void {
  if (line.includes('"level":"info"')) return
  console.error(line)
}

function say(line: string): void {
  console.error(`millrace: ${line}`)
}
