/** Which values of a deployment are told nobody, whatever quotes them. */

import { passwordIn, secretsIn } from '../doctor/run-doctor.ts'
import type { Prepared } from './read-facts.ts'
import type { DeployState } from './step.ts'

/** Hiding every `x` of a text would hide the text, and what is as short is no secret. */
const MIN_LENGTH = 4

/** Values that this machine knows, also those of others such as the token of Cloudflare, and those that were typed or made. */
export function listHidden(
  { values, place, env }: Pick<Prepared, 'values' | 'place' | 'env'>,
  state?: Pick<DeployState, 'given'>,
): string[] {
  const all = [
    ...[...values.values(), place.password, passwordIn(place.url)],
    ...[...secretsIn(env), ...(state?.given.values() ?? [])],
  ]
  return all.filter((value) => value.length >= MIN_LENGTH)
}
