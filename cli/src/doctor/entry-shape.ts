/** Finds out what the Worker's entry really exports: bundles it as wrangler does, and loads the bundle in another process. */

import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { Plugin } from 'esbuild'

/** What an entry exports. */
export interface EntryShape {
  /** Functions of the default export: `fetch`, `queue` ... */
  handlers: string[]
  /** Names of the other exports that are functions or classes: `LiveAggregator` ... */
  exports: string[]
}

const LOAD_TIMEOUT_MS = 30_000

/** Names that modules of the runtime export; what they do does not matter where nothing is called. */
const RUNTIME_STUB = `
export class DurableObject {}
export class WorkerEntrypoint {}
export class WorkflowEntrypoint {}
export class RpcTarget {}
export class RpcStub {}
export class EmailMessage {}
export const env = {}, exports = {}, waitUntil = () => {}, connect = () => {}
export default {}
`

/**
 * Bundles and loads it. Nothing of it is called.
 *
 * @param path absolute path of the entry
 * @throws Error when it cannot be bundled or loaded, or when there is no esbuild
 */
export async function inspectEntry(path: string): Promise<EntryShape> {
  const { build } = await import('esbuild')
  const folder = await mkdtemp(join(tmpdir(), 'millrace-doctor-'))
  try {
    const outfile = join(folder, 'worker.mjs')
    await build({
      entryPoints: [path],
      outfile,
      bundle: true,
      format: 'esm',
      target: 'es2024',
      conditions: ['workerd', 'worker', 'browser'],
      external: ['node:*'],
      loader: { '.wasm': 'empty', '.bin': 'empty', '.html': 'text', '.txt': 'text', '.sql': 'text' },
      plugins: [stubRuntime],
      logLevel: 'silent',
    })
    return await loadShape(outfile)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Node has no `cloudflare:workers`. */
const stubRuntime: Plugin = {
  name: 'stub-runtime',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^cloudflare:/ }, ({ path }) => ({ path, namespace: 'runtime' }))
    onLoad({ filter: /.*/, namespace: 'runtime' }, () => ({ contents: RUNTIME_STUB }))
  },
}

async function loadShape(bundle: string): Promise<EntryShape> {
  const script = `
    const { default: entry, ...rest } = await import(${JSON.stringify(pathToFileURL(bundle).href)})
    const functions = (object) => Object.keys(object ?? {}).filter((name) => typeof object[name] === 'function')
    console.log('\\n' + JSON.stringify({ handlers: functions(entry), exports: functions(rest) }))
    process.exit(0)`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    timeout: LOAD_TIMEOUT_MS,
  })
  // The entry may have printed something of its own before.
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as EntryShape
}
