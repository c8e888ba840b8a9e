/** Lets wrangler bundle the Worker without sending it: whether that succeeds, and how large it becomes. */

import { type Finding, findingsOf } from '../doctor/finding.ts'
import type { RunResult } from '../wrangler/run.ts'
import { whyNot } from '../wrangler/words.ts'
import type { DeployFacts } from './facts.ts'
import { OUTPUT_FILE_VAR, readDeployRecord } from './output-file.ts'
import type { TemporaryFolder } from './temporary-folder.ts'

const { ok, warning, problem, unknown } = findingsOf('wrangler.toml')

/** Largest Worker after gzip. Source: Cloudflare Workers limits, checked November 2026. */
const FREE_BYTES = 3 * 1024 * 1024
const PAID_BYTES = 10 * 1024 * 1024

/** Bundling takes some seconds. */
const TIMEOUT_MS = 120_000

/** What wrangler made, and what it printed. */
export interface BundleFacts {
  size: DeployFacts['bundle']
  finding: Finding
  /** What wrangler printed, for a dry run: the bindings as it understood them. */
  printed: string
}

/** Bundles it. */
export async function readBundle(
  args: readonly string[],
  run: (
    args: readonly string[],
    more: { env: Record<string, string>; timeoutMs: number },
  ) => Promise<RunResult>,
  folder: TemporaryFolder,
): Promise<BundleFacts> {
  const name = 'bundle.ndjson'
  const result = await run(args, { env: { [OUTPUT_FILE_VAR]: folder.place(name) }, timeoutMs: TIMEOUT_MS })
  if (result.code !== 0) {
    const mend = 'correct what `npx wrangler deploy --dry-run` says'
    return { size: undefined, finding: problem('bundle', whyNotBundled(result), mend), printed: '' }
  }
  const size = readDeployRecord(await folder.read(name))?.size
  return { size, finding: judgeSize(size), printed: result.stdout }
}

function judgeSize(size: DeployFacts['bundle']): Finding {
  if (size === undefined) return unknown('bundle', 'it can be made; wrangler does not say how large it is')
  const says = `${formatKiB(size.gzipBytes)} after gzip, ${formatKiB(size.rawBytes)} before`
  if (size.gzipBytes <= FREE_BYTES) return ok('bundle', says)
  const mend =
    'leave out what the entry imports and does not need: `npx wrangler deploy --dry-run --outdir bundle` shows it'
  return size.gzipBytes <= PAID_BYTES
    ? warning('bundle', `${says}: more than the free plan takes (3,072 KiB)`, mend)
    : problem('bundle', `${says}: more than Cloudflare takes (10,240 KiB)`, mend)
}

/** Errors of the bundler stand in blocks of their own; the last of them says most. */
function whyNotBundled(result: RunResult): string {
  const blocks = result.stderr.split(/(?:✘|X) \[ERROR\] /).slice(1)
  const lines = (blocks.at(-1) ?? '').split('\n').map((line) => line.trim())
  const block = lines.filter((line) => line !== '' && !/^(If you think|https:|🪵)/u.test(line))
  return block.length === 0 ? whyNot(result) : block.slice(0, 3).join(' ')
}

/** `475.7 KiB`, as wrangler prints it. */
export function formatKiB(bytes: number): string {
  return `${(bytes / 1_024).toLocaleString('en-US', { maximumFractionDigits: 1 })} KiB`
}
