/** What clients say they dropped, in the receipts as they said it. */

import type { Row } from '@millrace/schemas/native'
import type { FullWorld } from '../world/create-world.ts'
import type { Client } from '../world/world.ts'

/** Lines that are given of one client. */
const NAMED = 3

/** Every drop that an acknowledged request declared is in the receipts with its count, and no other. */
export function checkDrops(world: FullWorld, clients: readonly Client[]): string[] {
  return clients.flatMap(({ name, source, declared }) => {
    if (declared === undefined) return []
    const receipts = world.clickHouse.rows('receipts').filter((row) => row['source'] === source)
    const told = readTold(receipts)
    const booked = new Set(receipts.flatMap(numbersOf))
    const { sent, acknowledged } = declared()
    const problems: string[] = []
    for (const key of acknowledged) {
      const [id = ''] = key.split(' ')
      // What a collector of the version before took has no receipt; that others have one is for the books to say.
      if (booked.has(id) && told.get(key) !== sent.get(key))
        problems.push(`${name} dropped ${sent.get(key)} by ${key}, the receipts say ${told.get(key)}`)
    }
    const streams = new Set([...sent.keys()].map(streamOf))
    for (const [key, count] of told) {
      if (streams.has(streamOf(key)) && sent.get(key) !== count)
        problems.push(`the receipts say that ${name} dropped ${count} by ${key}, it said ${sent.get(key)}`)
    }
    return problems.slice(0, NAMED)
  })
}

const streamOf = (key: string) => key.slice(0, key.lastIndexOf('-'))

/** `<messageId> <reason>` and how many, each once however often it came. */
function readTold(receipts: readonly Row[]): Map<string, number> {
  const told = new Map<string, number>()
  for (const row of receipts) {
    const [ids, reasons, counts] = ['drop_ids', 'drop_reasons', 'drop_counts'].map(
      (column) => row[column] as unknown as (string | number)[],
    )
    for (const [at, id] of (ids ?? []).entries()) told.set(`${id} ${reasons?.[at]}`, Number(counts?.[at]))
  }
  return told
}

function numbersOf(row: Row): string[] {
  const [from, to] = ['seq_from', 'seq_to'].map((column) => row[column] as unknown as number[])
  return (from ?? []).flatMap((first, at) =>
    Array.from({ length: (to?.[at] ?? 0) - first + 1 }, (_, index) => `${row['stream']}-${first + index}`),
  )
}
