/** Which keys of monitors are persons who are forgotten: by the hashes that are left of them. Keys that are no ids cannot be told. */

import type { MonitorDefinition } from '@millrace/schemas/live'
import type { NamedId } from '../forgotten/named-ids.ts'
import type { MonitorKeys } from './desk.ts'
import type { MonitorResult } from './result.ts'
import { groupOf } from './threshold.ts'

/** Whether any of ids is forgotten. */
export type IsForgotten = (ids: readonly NamedId[]) => Promise<boolean>

/** What a field can be the id of. A visitor is an anonymous id or a user, and so is a person. */
const KINDS: Readonly<Record<string, readonly NamedId['kind'][]>> = {
  user_id: ['user'],
  anonymous_id: ['anonymous'],
  visitor_id: ['user', 'anonymous'],
  person_id: ['user', 'anonymous'],
}

/** Keys that are kept and forgotten, by the name of the monitor. */
export async function findForgottenKeys(
  monitors: readonly MonitorDefinition[],
  { firing, waiting }: MonitorKeys,
  isForgotten: IsForgotten,
): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {}
  for (const monitor of monitors) {
    const { name } = monitor
    for (const key of new Set([...(firing[name] ?? []), ...(waiting[name] ?? [])])) {
      if (await isForgotten(idsOf(monitor, key))) found[name] = [...(found[name] ?? []), key]
    }
  }
  return found
}

/** A result without keys that are forgotten. Their events may still be there for a moment, while they are being deleted. */
export async function withoutForgottenKeys(
  monitor: MonitorDefinition,
  result: MonitorResult,
  isForgotten: IsForgotten,
): Promise<MonitorResult> {
  const keys: MonitorResult['keys'] = []
  for (const one of result.keys) if (!(await isForgotten(idsOf(monitor, one.key)))) keys.push(one)
  if (keys.length === result.keys.length) return result
  // A result that fires without keys would be about the whole.
  return { ...result, keys, state: keys.length > 0 ? result.state : 'ok' }
}

function idsOf(monitor: MonitorDefinition, key: string): NamedId[] {
  // By what a window's groups are is not known here. One that is no id is then quiet for once.
  if (monitor.kind === 'threshold')
    return groupOf(key).flatMap((id): NamedId[] => [
      { kind: 'user', id },
      { kind: 'anonymous', id },
    ])
  if (monitor.kind !== 'per_key' && monitor.kind !== 'sequence') return []
  return (KINDS[monitor.key] ?? []).map((kind) => ({ kind, id: key }))
}
