/** Whether this runs in a clone of the repository, whose packages a project installs from there instead of from npm. */

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The clone that this runs in; `undefined`: this is the package, which has the bundle alone. */
export function findClone(): string | undefined {
  const isSource = existsSync(new URL('../index.ts', import.meta.url))
  return isSource ? fileURLToPath(new URL('../../..', import.meta.url)) : undefined
}
