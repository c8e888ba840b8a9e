/** Brings the two dictionaries that tell persons up to date, when a run has changed what they are made of. */

import { reloadDictionaries } from './reload-dictionaries.ts'
import type { Statements } from './statements.ts'
import { type Run, runParameters, workIds } from './work.ts'

const STALE_USERS = `
SELECT count() AS stale
FROM (SELECT source, id FROM recompute_work WHERE run = {run:String} AND kind = 'changed_user') AS c
LEFT JOIN (SELECT source, user_id, person_id FROM identities FINAL WHERE anonymous_id = '') AS i
ON c.source = i.source AND c.id = i.user_id
WHERE dictGetOrDefault(concat(currentDatabase(), '.person_of_user'), 'person_id', (c.source, c.id), '') != i.person_id`

const STALE_OWNERS = `
SELECT count() AS stale
FROM (SELECT DISTINCT source, id, from_time FROM recompute_work WHERE run = {run:String} AND kind = 'changed_owner') AS c
LEFT JOIN (
  SELECT source, anonymous_id, valid_from, valid_to, person_id FROM identities FINAL
  WHERE (source, anonymous_id) IN ${workIds('changed_owner')}
) AS i ON c.source = i.source AND c.id = i.anonymous_id AND i.valid_from <= c.from_time AND c.from_time < i.valid_to
WHERE dictGetOrDefault(concat(currentDatabase(), '.person_of_anonymous'), 'person_id', (c.source, c.id), toUnixTimestamp64Milli(c.from_time), '') != i.person_id`

interface Reload {
  dictionary: string
  /** Counts the ids of the work that the dictionary still has otherwise. */
  staleQuery: string
}

function reload(statements: Statements, current: Run, { dictionary, staleQuery }: Reload): Promise<void> {
  return reloadDictionaries(statements, {
    dictionaries: [dictionary],
    cluster: current.cluster,
    staleQuery,
    parameters: runParameters(current),
  })
}

/** After users were joined or parted, which is work of the kind `changed_user`. */
export function reloadUsers(statements: Statements, current: Run): Promise<void> {
  return reload(statements, current, { dictionary: 'person_of_user', staleQuery: STALE_USERS })
}

/** After anonymous ids got other owners, of the kind `changed_owner`; likewise. */
export function reloadOwners(statements: Statements, current: Run): Promise<void> {
  return reload(statements, current, { dictionary: 'person_of_anonymous', staleQuery: STALE_OWNERS })
}
