/** Makes one script for a shell of the blocks of a page, with the addresses and keys of the test's stack. */

import type { Block } from './blocks.ts'
import { scriptOf } from './commands.ts'
import type { Places } from './shims.ts'

/** A shell that pages are run in. */
export interface ShellWorld extends Places {
  /** Working folder. */
  folder: string
  /** Folder of the shims. */
  shims: string
  /** Begin of the paths of files with what blocks print. */
  outputs: string
  env: Readonly<Record<string, string>>
  /** What a script and what it prints say in the place of what the page says. */
  localize?: (text: string) => string
}

/**
 * What is checked without being run, or run by tests of its own, or could do harm to others. Functions of the shell: what
 * `millrace` itself starts is not touched.
 */
const SILENT = ['cd', 'cp', 'docker', 'git', 'kill', 'node', 'open', 'pgrep', 'rm', 'wrangler']

/**
 * `sleep` waits until the events of the page's own source, `DOCS_SOURCE`, have come to rest in ClickHouse: some seconds, and more
 * on a machine that has other things to do.
 */
const SLEEP = `sleep() {
  local last= now quiet=0
  for _ in {1..60}; do
    command sleep 0.5
    now=$(command curl -s "$CLICKHOUSE_URL/?database=millrace" --data "
      SELECT (SELECT count() FROM events WHERE source = '$DOCS_SOURCE') + (SELECT count() FROM omitted WHERE source = '$DOCS_SOURCE')")
    if [ "$now" = "$last" ]; then quiet=$((quiet + 1)); else quiet=0; last=$now; fi
    if [ "$now" != 0 ] && [ $quiet -ge 5 ]; then return; fi
  done
}
`

/** Output goes to files; where the script is goes to the channel that was there before. */
const PRELUDE = `set -E -o pipefail
exec 3>&1
trap 'echo "failed: $BASH_COMMAND" >&2' ERR
trap 'echo "DOCS_AT $DOCS_AT" >&3' EXIT
${SILENT.map((name) => `${name}() { :; }\n`).join('')}${SLEEP}`

/** A script for a page: each block's output goes to a file of its own. */
export function buildScript(scripts: readonly Block[], page: readonly Block[], world: ShellWorld): string {
  const parts = scripts.map((block) => {
    const path = outputPath(block, world)
    const script = localize(withFailures(block), world)
    return `DOCS_AT=${block.line}; export DOCS_STATUSES='${allowedStatuses(block, page)}'\n{ set -e\n${script}\nset +e; } </dev/null >'${path}' 2>'${path}.err'\n`
  })
  return `${PRELUDE}${parts.join('')}DOCS_AT=0\n`
}

/** Exit code 1 of the commands that may fail is none; 2, wrong usage, stays one. */
function withFailures(block: Block): string {
  const { mayFail } = block.marks
  const script = scriptOf(block)
  if (mayFail === undefined) return script
  return script.replaceAll(/^.*$/gm, (line) =>
    line.startsWith(mayFail) ? `{ ${line}\n} || [ $? = 1 ]` : line,
  )
}

/** As part of a regular expression. What a block prints is compared anyway, statuses and all. */
function allowedStatuses(block: Block, page: readonly Block[]): string {
  if (nextOf(block, page)?.marks.isOutput === true) return '|...'
  return (block.marks.statuses ?? []).map((status) => `|${status}`).join('')
}

/** The block below, which may be what this one prints. */
export function nextOf(block: Block, page: readonly Block[]): Block | undefined {
  return page[page.indexOf(block) + 1]
}

/** File that a block's output goes to; what it says of its mistakes is beside it, in `.err`. */
export function outputPath({ file, line }: Block, { outputs }: ShellWorld): string {
  return `${outputs}${file.replaceAll('/', '_')}-${line}`
}

/** Addresses of the docs are those of the stack. */
export function localize(
  text: string,
  { workerUrl, clickhouseUrl, localize: own = (same) => same }: ShellWorld,
): string {
  return own(text)
    .replaceAll(/http:\/\/(127\.0\.0\.1|localhost):8787/g, workerUrl)
    .replaceAll(/http:\/\/(127\.0\.0\.1|localhost):8123/g, clickhouseUrl)
    .replaceAll(/https:\/\/clickhouse\.example(\.com)?(:8443)?/g, clickhouseUrl)
    .replaceAll(/https:\/\/(collect|events)\.example\.com/g, workerUrl)
    .replaceAll('CLICKHOUSE_USER=…', 'CLICKHOUSE_USER=default')
    .replaceAll('CLICKHOUSE_PASSWORD=…', 'CLICKHOUSE_PASSWORD=')
}
