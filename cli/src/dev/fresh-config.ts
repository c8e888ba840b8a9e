/** Loads a configuration as its files are now, however often it was loaded before: with all that it imports of the project. */

import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { MillraceConfig } from '@millrace/schemas/config'
import { loadConfig } from '../load-config.ts'

let count = 0

/**
 * Loads it. Node keeps every module that it has once loaded, so the files are bundled into one of a new name. It lies for a
 * moment in `.millrace` beside the configuration, because packages are looked for from there.
 *
 * @param path absolute path of the configuration
 * @param label what the user knows it as, for messages
 * @throws UsageError as `loadConfig` does; Error with esbuild's words when it cannot be read
 */
export async function loadFreshConfig(path: string, label: string): Promise<MillraceConfig> {
  const { build } = await import('esbuild')
  count += 1
  const folder = join(dirname(path), '.millrace')
  const outfile = join(folder, `config-${process.pid}-${count}.mjs`)
  await mkdir(folder, { recursive: true })
  try {
    await build({
      ...{ entryPoints: [path], outfile, bundle: true, format: 'esm', platform: 'node', target: 'node22' },
      packages: 'external',
      logLevel: 'silent',
    })
    return await loadConfig(outfile, label)
  } finally {
    await rm(outfile, { force: true })
  }
}
