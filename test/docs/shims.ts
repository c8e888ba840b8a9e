/**
 * Programs that stand in the way of those that the docs name: `millrace` talks to the test's stack, `curl` does not leave the
 * machine and is judged by its statuses, and all else that `npm` and `npx` would run does nothing.
 */

import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../../scripts/setup.mjs'
import { commandsWith } from './millrace-command.ts'

/** Seconds after which a command that follows the stream is interrupted, as by Ctrl-C. */
const FOLLOW_SECONDS = 2

/** Where things are. */
export interface Places {
  workerUrl: string
  clickhouseUrl: string
}

/** Writes them into a folder, which goes to the front of PATH. */
export async function writeShims(folder: string, places: Places): Promise<void> {
  await mkdir(folder, { recursive: true })
  const scripts: Record<string, string> = {
    npm: 'if [ "$1 $2 $3" = "run millrace --" ]; then shift 3; exec millrace "$@"; fi\n',
    npx: 'if [ "$1" = -y ]; then shift; fi\nif [ "$1" = millrace ]; then exec "$@"; fi\n',
    millrace: millrace(places),
    curl: CURL,
  }
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(folder, name), `#!/bin/bash\n${script}`)
    await chmod(join(folder, name), 0o755)
  }
}

/** Adds what the docs leave to its default, and answers what is asked. */
function millrace({ workerUrl, clickhouseUrl }: Places): string {
  const patterns = (option: string) =>
    commandsWith(option)
      .map((command) => `"${command} "*`)
      .join('|')
  return `
case "$1" in dev|deploy|init) exit 0;; esac
all="$* "
args=()
for arg in "$@"; do
  # It needs an account of Cloudflare.
  if [ "$arg" != --remote ]; then args+=("$arg"); fi
done
case "$all" in *"--endpoint "*|*"--url "*) ;; ${patterns('--endpoint')}) args+=(--endpoint ${workerUrl});; esac
case "$all" in *"--clickhouse-url "*) ;; ${patterns('--clickhouse-url')}) args+=(--clickhouse-url ${clickhouseUrl});; esac
case "$all" in ${patterns('--yes')}) case "$all" in *"--list "*|"migrate status "*) ;; *) args+=(--yes);; esac;; esac
case "$all" in *"--source dev "*) unset MILLRACE_SECRET_KEY MILLRACE_READ_TOKEN;; esac
if [ "$1" = tail ]; then
  timeout --signal=INT ${FOLLOW_SECONDS} '${process.execPath}' '${join(ROOT, 'cli/dist/cli.js')}' "\${args[@]}"
  code=$?
  if [ $code = 124 ] || [ $code = 130 ]; then exit 0; fi
  exit $code
fi
exec '${process.execPath}' '${join(ROOT, 'cli/dist/cli.js')}' "\${args[@]}"
`
}

/** Statuses other than 2xx fail, unless the mark of the block names them. Each answer is a line of its own, as it is read. */
const CURL = `
for arg in "$@"; do
  case "$arg" in
    http://127.0.0.1:*) ;;
    http://*|https://*) echo "curl: $arg is not of this machine" >&2; exit 90;;
  esac
done
heads=$(mktemp)
PATH=\${PATH#*:} curl --dump-header "$heads" "$@"
code=$?
case " $* " in *" -o "*|*" -w "*|*" -fOJ "*|*" -O "*) ;; *) echo;; esac
wrong=$(grep -aoE '^HTTP/[0-9.]+ [0-9]+' "$heads" | grep -vE " (2..|1..$DOCS_STATUSES)$")
/bin/rm -f "$heads"
if [ -n "$wrong" ]; then echo "curl: answered $wrong" >&2; exit 91; fi
exit $code
`
