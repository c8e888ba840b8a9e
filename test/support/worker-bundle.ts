/** The Worker of this source tree as one file, bundled as wrangler would. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { ROOT } from '../../scripts/setup.mjs'

/** What is bundled. */
export interface WorkerBundleOptions {
  /** Text of the entry module, whose imports start at the root folder. As a file it would need the types of workerd. */
  entry: string
  /** Of esbuild; default: none. */
  plugins?: Plugin[]
}

/**
 * Bundles a Worker and removes the bundle after `use`, which gets its path; workerd reads it once, when it starts.
 *
 * @returns what `use` gives
 * @throws when the entry cannot be bundled, and what `use` throws
 */
export async function withWorkerBundle<T>(
  { entry, plugins = [] }: WorkerBundleOptions,
  use: (scriptPath: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bundle-'))
  const outfile = join(folder, 'worker.js')
  try {
    await build({
      stdin: { contents: entry, resolveDir: ROOT, loader: 'ts' },
      outfile,
      bundle: true,
      format: 'esm',
      target: 'es2024',
      conditions: ['workerd', 'worker', 'browser'],
      external: ['cloudflare:*', 'node:*'],
      plugins,
      logLevel: 'error',
    })
    return await use(outfile)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
