/** Spools of the Node SDK as killed processes leave them, and what a client that starts on one sends. */

import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { FetchLike } from '@millrace/node'
import { createMillrace } from '@millrace/node'
import { runScript } from './node-script.ts'

/** Where the events go; nobody is there. */
const ENDPOINT = 'https://events.shop.example'

/** Keys of the two routes: live events, and history. */
const KEYS = [{ writeKey: 'wk_shop' }, { secretKey: 'shop-secret' }] as const

/** Each way to write to the disk. */
const POLICIES = ['always', 'interval', 'never'] as const

/** Events of a process. */
const EVENTS = 9

/** A file of a spool, by its path in the folder. */
export interface SpoolFileText {
  path: string
  text: string
}

/** A batch as it was sent. */
export interface SentBatch {
  path: string
  batchId: string
  stream: string
  firstSeq: number
  batch: unknown[]
}

/**
 * Runs a process of each kind on one folder, each to its death: its first batch was answered, two more were under way, and
 * some events were in none. Hosts and processes in the claims are made up.
 */
export async function makeSpools(folder: string): Promise<SpoolFileText[]> {
  for (const key of KEYS) {
    for (const fsync of POLICIES) await runToDeath(folder, key, fsync)
  }
  return readSpool(folder).map(({ path, text }) => ({ path, text: anonymize(path, text) }))
}

async function runToDeath(folder: string, key: object, fsync: string): Promise<void> {
  const options = { ...key, endpoint: ENDPOINT, spool: { directory: folder, fsync, fsyncIntervalMs: 50 } }
  const { signal, output } = await runScript(`
    import { createMillrace } from '@millrace/node'
    let requests = 0
    const fetch = async () => {
      requests += 1
      if (requests > 1) return new Promise(() => {})
      return { status: 200, headers: { get: () => null }, text: async () => '{"success":true}' }
    }
    const client = createMillrace({ ...${JSON.stringify(options)}, fetch, flushAt: 2, maxBatchEvents: 2, lanes: ${'secretKey' in key ? 2 : 1}, flushIntervalMs: 60000, handleSignals: false })
    const track = (i) => client.track({ userId: 'user-${fsync}', event: 'Spooled', properties: { i, text: 'ü€😀\\n"' }, timestamp: new Date(1795400000000 + i) })
    track(1); track(2)
    await client.flush({ timeoutMs: 5000 })
    for (let i = 3; i <= ${EVENTS}; i += 1) track(i)
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 400)`)
  if (signal !== 'SIGKILL') throw new Error(`the process ended otherwise: ${output}`)
}

/** Claims name the machine; nobody is to read of this one. */
function anonymize(path: string, text: string): string {
  if (!/owner-\d+$/.test(path)) return text
  return JSON.stringify({ ...JSON.parse(text), pid: 1, startedAt: 1, host: 'host.example', bootId: 'boot' })
}

/** Every file of a folder. */
export function readSpool(folder: string): SpoolFileText[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return entries
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => ({ path: path.slice(folder.length + 1), text: readFileSync(path, 'utf8') }))
}

/** Puts a spool down, its claims so old that their owners count as dead. */
export function writeSpool(folder: string, files: readonly SpoolFileText[]): void {
  rmSync(folder, { recursive: true, force: true })
  for (const { path, text } of files) {
    const target = join(folder, path)
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
    writeFileSync(target, text, { mode: 0o600 })
    utimesSync(target, 1_700_000_000, 1_700_000_000)
  }
}

/** Starts a client for each key on a folder until it has nothing left, and gives what was sent, in order of the first event. */
export async function recoverSpool(folder: string): Promise<SentBatch[]> {
  const sent: SentBatch[] = []
  const fetch: FetchLike = async (url, { body }) => {
    const text = typeof body === 'string' ? body : gunzipSync(body).toString('utf8')
    const { batchId, stream, firstSeq, batch } = JSON.parse(text) as SentBatch
    sent.push({ path: new URL(url).pathname, batchId, stream, firstSeq, batch })
    return new Response('{"success":true}')
  }
  for (const key of KEYS) {
    const options = { endpoint: ENDPOINT, spool: folder, fetch, handleSignals: false }
    const client = createMillrace({ ...key, ...options })
    // What earlier processes left is looked for in the background.
    for (let round = 0, idle = 0; round < 200 && idle < 20; round++) {
      const before = sent.length
      await new Promise((resolve) => setTimeout(resolve, 20))
      await client.flush({ timeoutMs: 1_000 })
      idle = sent.length === before ? idle + 1 : 0
    }
    await client.close({ timeoutMs: 1_000 })
  }
  const orderOf = ({ path, stream, firstSeq }: SentBatch) =>
    `${path} ${stream} ${String(firstSeq).padStart(6, '0')}`
  return sent.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
}
