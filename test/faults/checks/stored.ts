/** What is in the warehouse and among the dead letters of a source, read independently of the code that wrote it. */

import { openDeadLetter } from '@millrace/schemas'
import type { Row } from '@millrace/schemas/native'
import type { FullWorld } from '../world/create-world.ts'

/** The stored events of a source. */
export interface Stored {
  /** Whether an id is accepted, refused or left out, or a dead letter of the warehouse holds it. */
  explains: (id: string) => boolean
  isQuarantined: (id: string) => boolean
  /** Whether a dead letter of a sink holds it, or one of all sinks. */
  isDead: (id: string, sink: string) => boolean
  /** One row of each sorting key of `events`: that of the copy that was received first. */
  final: readonly Row[]
  /** All copies of an id, as they were inserted. */
  copies: ReadonlyMap<string, readonly Row[]>
  /** Accepted by the collector, and refused by the warehouse. */
  notStorable: ReadonlySet<string>
  /** Ids that are there under more than one sorting key. */
  doubled: () => string[]
  /** Whether the roll-up has each event once. */
  rollupProblems: () => string[]
  /** Numbers of a stream that are stored, whatever became of them. */
  numbers: (stream: string) => ReadonlySet<number>
}

const HOUR_MS = 3_600_000

/** Reads them. */
export function readStored(world: FullWorld, source: string): Stored {
  const of = (table: string) => world.clickHouse.rows(table).filter((row) => row['source'] === source)
  const events = of('events')
  const quarantine = of('quarantine')
  const omitted = of('omitted')
  const accepted = new Set(events.map(idOf))
  const quarantined = new Set(quarantine.map(idOf))
  const left = new Set(omitted.map(idOf))
  const dead = readDead(world, source)
  const copies = Map.groupBy(events, idOf)
  const finalByKey = new Map<string, Row>()
  for (const row of events) {
    const key = world.seams.sortingKey(sortingKey(row), row)
    const before = finalByKey.get(key)
    // `copy_rank` is largest for the copy that was received first; of equal ones the last inserted stays.
    if (before === undefined || Number(row['received_at']) <= Number(before['received_at']))
      finalByKey.set(key, row)
  }
  const final = [...finalByKey.values()]
  const numbers = new Map<string, Set<number>>()
  for (const row of [...events, ...quarantine, ...omitted]) {
    const [stream, seq] = [String(row['stream']), Number(row['seq'])]
    if (stream === '' || seq === 0) continue
    const known = numbers.get(stream)
    if (known === undefined) numbers.set(stream, new Set([seq]))
    else known.add(seq)
  }
  return {
    explains: (id) => accepted.has(id) || quarantined.has(id) || left.has(id) || dead.has(`warehouse ${id}`),
    isQuarantined: (id) => quarantined.has(id) || dead.has(`warehouse ${id}`),
    isDead: (id, sink) => dead.has(`${sink} ${id}`),
    final,
    copies,
    notStorable: new Set(quarantine.filter((row) => row['reason'] === 'not_storable').map(idOf)),
    doubled() {
      const ids = final.map(idOf)
      return ids.length === accepted.size ? [] : ids.filter((id, at) => ids.indexOf(id) !== at)
    },
    rollupProblems() {
      const counted = world.seams.rollup(rollUp(final), events)
      const sum = [...counted.values()].reduce((total, count) => total + count, 0)
      return sum === accepted.size
        ? []
        : [`the roll-up of ${source} has ${sum} events, ${accepted.size} are stored`]
    },
    numbers: (stream) => numbers.get(stream) ?? new Set(),
  }
}

function idOf(row: Row): string {
  return String(row['message_id'])
}

/** As `0004_warehouse.sql` has it: `(source, toStartOfHour(original_timestamp), message_id)`. */
function sortingKey(row: Row): string {
  return `${row['source']} ${Math.floor(Number(row['original_timestamp']) / HOUR_MS)} ${row['message_id']}`
}

/** Events by the minute of their time. */
export function rollUp(rows: readonly Row[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const row of rows) {
    const minute = String(Math.floor(Number(row['timestamp']) / 60_000))
    counts.set(minute, (counts.get(minute) ?? 0) + 1)
  }
  return counts
}

/** `<sink> <id>` of every event in a dead letter; one of no sink is of all. */
function readDead({ bucket }: FullWorld, source: string): Set<string> {
  const dead = new Set<string>()
  for (const [key, { bytes }] of bucket.objects) {
    if (!key.startsWith('dead/') || key.startsWith('dead/parts/')) continue
    const { wrapper, decoded } = openDeadLetter(new TextDecoder().decode(bytes))
    if (!decoded.ok || decoded.envelope.source !== source) continue
    const { events, quarantined } = decoded.envelope
    const sinks = wrapper?.sink === undefined ? ['warehouse', 'lake', 'live', 'quarantine'] : [wrapper.sink]
    for (const sink of sinks)
      for (const { messageId } of [...events, ...quarantined]) dead.add(`${sink} ${messageId}`)
  }
  return dead
}
