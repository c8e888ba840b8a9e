/** Whether a source that was typed is one of the configuration, for who mistyped it and finds nothing. */

import { resolve } from 'node:path'
import { DEV_SOURCE, UsageError } from '../command-world.ts'
import { loadSourceNames } from '../load-config.ts'

/**
 * A sentence that there is no such source and which there are; `undefined` when there is, or when the configuration
 * cannot be read: who looks into the quarantine need not have one.
 */
export async function describeUnknownSource(source: string, config: string): Promise<string | undefined> {
  const names = await loadSourceNames(resolve(config), config).catch((error: unknown) => {
    if (!(error instanceof UsageError)) throw error
  })
  if (names === undefined) return undefined
  const known = [...names, DEV_SOURCE]
  return known.includes(source)
    ? undefined
    : `no source of ${config} is called ${source}; known: ${known.join(', ')}`
}
