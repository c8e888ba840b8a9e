/** Who a person is: all ids that ClickHouse knows to be theirs. */

import type { EraseStatements } from '@millrace/schemas/erase'

/** What was typed. */
export interface Subject {
  source: string
  kind: 'user' | 'anonymous'
  id: string
}

/** Ids of one person. */
export interface Person {
  /** User ids, joined by alias; none of a visitor who was never identified. */
  users: string[]
  /** Anonymous ids that nobody else has. */
  own: string[]
  /** Anonymous ids of devices that others have as well. */
  shared: string[]
}

/** It cannot be said whom to forget; the message says why. */
export class UnclearPerson extends Error {}

const JOINED_USERS = `
SELECT user_id, person_id FROM identities FINAL
WHERE source = {source:String} AND anonymous_id = '' AND (user_id IN {users:Array(String)} OR person_id IN {users:Array(String)})`

/** Devices by what is computed and by what was ever seen: events of the last minute are not computed yet. */
const DEVICES = `
SELECT DISTINCT anonymous_id, user_id FROM (
  SELECT anonymous_id, user_id FROM identities FINAL WHERE source = {source:String} AND anonymous_id != '' AND @
  UNION ALL
  SELECT anonymous_id, user_id FROM identity_pairs WHERE source = {source:String} AND @
)`

const DEVICES_OF_USERS = DEVICES.replaceAll('@', 'user_id IN {users:Array(String)}')
const USERS_OF_DEVICES = DEVICES.replaceAll('@', 'anonymous_id IN {devices:Array(String)}')

/** Of some ids those that are users. What an alias joined once and does not any more stands among the devices too. */
const USERS_AMONG = `
SELECT DISTINCT user_id FROM events WHERE source = {source:String} AND user_id IN {devices:Array(String)}`

interface Device {
  anonymous_id: string
  user_id: string
}

/**
 * The person that an id is of. An id that nothing is known of is a person of that one id.
 *
 * @throws UnclearPerson for an anonymous id that several persons had
 */
export async function findPerson(
  statements: EraseStatements,
  { source, kind, id }: Subject,
): Promise<Person> {
  const { read } = statements
  if (kind === 'user') return findDevices(statements, source, await findJoined(statements, source, id))
  const owners = await read<Device>(USERS_OF_DEVICES, { source, devices: [id] })
  const [first] = owners
  if (first === undefined) return { users: [], own: [id], shared: [] }
  const users = await findJoined(statements, source, first.user_id)
  if (owners.every(({ user_id }) => users.includes(user_id))) return findDevices(statements, source, users)
  throw new UnclearPerson('several persons used this device; forget each by --user')
}

/** The user with all that aliases join to it. */
async function findJoined({ read }: EraseStatements, source: string, user: string): Promise<string[]> {
  const users = new Set([user])
  for (let before = 0; users.size > before; ) {
    before = users.size
    const rows = await read<{ user_id: string; person_id: string }>(JOINED_USERS, {
      source,
      users: [...users],
    })
    for (const { user_id, person_id } of rows) users.add(user_id).add(person_id)
  }
  return [...users]
}

async function findDevices({ read }: EraseStatements, source: string, users: string[]): Promise<Person> {
  const found = await read<Device>(DEVICES_OF_USERS, { source, users })
  const devices = [...new Set(found.map(({ anonymous_id }) => anonymous_id))]
  const known = new Set(users)
  const all = await read<Device>(USERS_OF_DEVICES, { source, devices })
  const strangers = await read<{ user_id: string }>(USERS_AMONG, { source, devices })
  const shared = new Set([
    ...all.filter(({ user_id }) => !known.has(user_id)).map(({ anonymous_id }) => anonymous_id),
    ...strangers.map(({ user_id }) => user_id).filter((id) => !known.has(id)),
  ])
  return { users, own: devices.filter((id) => !shared.has(id)), shared: [...shared] }
}
