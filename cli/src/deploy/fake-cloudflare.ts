/** A Cloudflare that remembers, behind a wrangler that prints what wrangler 4.155 does; for tests. */

import type { RunOptions, RunResult } from '../wrangler/run.ts'

/** What an account has. */
export interface FakeAccount {
  isLoggedIn: boolean
  queues: string[]
  buckets: string[]
  objects: Map<string, string>
  secrets: Map<string, string>
  /** Deployments of the Worker. */
  versions: number
  /** Where it is once it is deployed, as wrangler prints it; several are joined by ` and `. */
  address: string
}

/** A recording stand-in. */
export interface FakeCloudflare {
  account: FakeAccount
  /** Each command as it was typed, without what it has in common. */
  calls: string[]
  /** What was in the environment and on the standard input of each. */
  options: RunOptions[]
  run: (args: readonly string[], options: RunOptions) => Promise<RunResult>
}

/** Instead of what it would answer; `undefined`: as it would. */
export type Instead = (call: string) => RunResult | undefined

/** Prints as wrangler does. */
export const printed = (stdout: string): RunResult => ({ code: 0, stdout, stderr: '' })
/** Fails as wrangler does. */
export const refused = (why: string): RunResult => ({ code: 1, stdout: '', stderr: `✘ [ERROR] ${why}\n` })
/** An error of Cloudflare's, behind wrangler's own. */
export const refusedByApi = (why: string, code: number): RunResult =>
  refused(`A request to the Cloudflare API (/accounts/a/x) failed.\n\n  ${why} [code: ${code}]`)

/** Creates one. */
export function createFakeCloudflare({
  instead = () => undefined,
  ...has
}: Partial<FakeAccount> & { instead?: Instead } = {}): FakeCloudflare {
  const account: FakeAccount = {
    ...{ isLoggedIn: true, queues: [], buckets: [], objects: new Map(), secrets: new Map(), versions: 0 },
    address: 'millrace.shop.workers.dev',
    ...has,
  }
  const calls: string[] = []
  const all: RunOptions[] = []
  return {
    account,
    calls,
    options: all,
    async run(args, options) {
      const call = shorten(args)
      calls.push(call)
      all.push(options)
      return instead(call) ?? answer(account, call, args, options)
    },
  }
}

/** Without the file, which is the same everywhere, and the path of secrets, which is another each time. */
function shorten(args: readonly string[]): string {
  const at = args.indexOf('--config')
  const own = args.filter((_, index) => at === -1 || (index !== at && index !== at + 1))
  return own.map((arg) => (arg.endsWith('secrets.json') ? 'secrets.json' : arg)).join(' ')
}

async function answer(
  account: FakeAccount,
  call: string,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  if (call.startsWith('deploy --dry-run'))
    return note(options, {}).then(() => printed('Total Upload: 1 KiB\n'))
  if (!account.isLoggedIn)
    return call.startsWith('whoami')
      ? { code: 1, stdout: '{"loggedIn":false}', stderr: '' }
      : refused(NO_TOKEN)
  const [family = '', verb = '', third = '', name = ''] = args
  if (family === 'whoami')
    return printed(JSON.stringify({ loggedIn: true, accounts: [{ name: 'Shop Ltd', id: 'a' }] }))
  if (family === 'secret') {
    if (account.versions === 0) return refusedByApi('This Worker does not exist on your account.', 10007)
    return printed(
      JSON.stringify([...account.secrets.keys()].map((one) => ({ name: one, type: 'secret_text' }))),
    )
  }
  if (family === 'queues')
    return verb === 'info' ? infoOfQueue(account, third) : createIn(account.queues, third, 11009)
  if (family === 'r2' && verb === 'bucket')
    return third === 'info' ? infoOfBucket(account, name) : createIn(account.buckets, name, 10004)
  if (family === 'r2') return answerObject(account, third, name, options)
  if (family === 'deploy') return deploy(account, args, options)
  return refused(`Unknown command ${call}`)
}

const NO_TOKEN =
  "In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN environment variable for wrangler to work."

function infoOfQueue({ queues, versions }: FakeAccount, name: string): RunResult {
  if (!queues.includes(name))
    return refused(`Queue "${name}" does not exist. To create it, run: wrangler queues create ${name}`)
  const consumers = versions === 0 ? '0' : '1\nConsumers: worker:millrace'
  return printed(`Queue Name: ${name}\nNumber of Producers: 0\nNumber of Consumers: ${consumers}\n`)
}

function infoOfBucket({ buckets }: FakeAccount, name: string): RunResult {
  return buckets.includes(name)
    ? printed(`name: ${name}\n`)
    : refusedByApi('The specified bucket does not exist.', 10006)
}

function createIn(list: string[], name: string, code: number): RunResult {
  if (list.includes(name)) return refusedByApi(`'${name}' is already taken.`, code)
  list.push(name)
  return printed(`✅ Created '${name}'\n`)
}

function answerObject(
  { objects, buckets }: FakeAccount,
  verb: string,
  path: string,
  { stdin }: RunOptions,
): RunResult {
  if (!buckets.includes(path.split('/')[0] ?? ''))
    return refusedByApi('The specified bucket does not exist.', 10006)
  if (verb === 'put') {
    objects.set(path, stdin ?? '')
    return printed('Upload complete.\n')
  }
  const text = objects.get(path)
  return text === undefined ? refused('The specified key does not exist.') : printed(text)
}

async function deploy(
  account: FakeAccount,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  const at = args.indexOf('--secrets-file')
  const { readFile } = await import('node:fs/promises')
  const secrets = at === -1 ? '{}' : await readFile(args[at + 1] ?? '', 'utf8')
  for (const [name, value] of Object.entries(JSON.parse(secrets) as Record<string, string>))
    account.secrets.set(name, value)
  account.versions += 1
  options.onLine?.('Total Upload: 2201.71 KiB / gzip: 475.70 KiB')
  const targets = [...account.address.split(' and '), 'schedule: * * * * *', 'Producer for millrace-events']
  await note(options, { version_id: `v${account.versions}`, targets })
  return printed('Uploaded millrace\n')
}

/** As wrangler does in the file of WRANGLER_OUTPUT_FILE_PATH. */
async function note({ env }: RunOptions, more: object): Promise<void> {
  const { appendFile } = await import('node:fs/promises')
  const size = { raw_bytes: 2_254_554, gzip_bytes: 487_116 }
  const line = JSON.stringify({ type: 'deploy', version: 1, bundle_size: size, ...more })
  await appendFile(env?.['WRANGLER_OUTPUT_FILE_PATH'] ?? '', `${line}\n`)
}
