/** Which values of a deployment are told nobody, whatever quotes them. */

import type { Prepared } from './read-facts.ts'
import type { DeployState } from './step.ts'

/** Hiding every `x` of a text would hide the text, and what is as short is no secret. */
const MIN_LENGTH = 4

/** Values that this machine knows, and those that were typed or made. */
export function listHidden(
  { values, place }: Pick<Prepared, 'values' | 'place'>,
  state?: Pick<DeployState, 'given'>,
): string[] {
  const all = [...values.values(), place.password, ...(state?.given.values() ?? [])]
  return all.filter((value) => value.length >= MIN_LENGTH)
}
