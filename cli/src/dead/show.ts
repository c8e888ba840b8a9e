/** One dead letter with everything in it, for people. Pure. */

import type { DeadLetter } from '@millrace/schemas'
import { printable } from '../printable.ts'

/** A letter with the batch in it; absent for a part of the lake, and where nobody can read it. */
export type ShownLetter = DeadLetter & { envelope?: Record<string, unknown> }

/** Lists of an envelope, and what they are called; what is left of it is its head. */
const LISTS = [
  ['events', 'events'],
  ['quarantined', 'refused events'],
  ['omitted', 'events left out'],
] as const

/** The letter as text, ending with a newline; what a terminal would obey in it is made visible. */
export function formatLetter(letter: ShownLetter): string {
  const { envelope } = letter
  const fields: [string, string | undefined][] = [
    ['kind', letter.kind],
    ['source', letter.source],
    ['sink', letter.sink],
    ['error', letter.error],
    ['message', letter.messageId],
    ['stored', letter.storedAt],
    ['bytes', letter.bytes.toLocaleString('en-US')],
    ['events', letter.events?.toLocaleString('en-US')],
  ]
  const lines = [
    letter.key,
    ...fields
      .filter(([, value]) => value !== undefined && value !== '')
      .map(([name, value]) => `  ${name.padEnd(8)} ${value}`),
    ...(envelope === undefined ? ['', whyNoContent(letter)] : describeEnvelope(envelope)),
  ]
  return `${lines.map(printable).join('\n')}\n`
}

function whyNoContent({ kind }: ShownLetter): string {
  return kind === 'part'
    ? 'It is a part of the lake. A replay moves it back to where the lake looks for it.'
    : 'Nobody can read what is in it.'
}

function describeEnvelope(envelope: Record<string, unknown>): string[] {
  const names: readonly string[] = LISTS.map(([name]) => name)
  const head = Object.fromEntries(Object.entries(envelope).filter(([name]) => !names.includes(name)))
  const lists = LISTS.flatMap(([name, title]) => {
    const list = envelope[name]
    return Array.isArray(list) && list.length > 0 ? section(title, list) : []
  })
  return [...section('batch', head), ...lists]
}

function section(title: string, value: unknown): string[] {
  return ['', `${title}:`, ...JSON.stringify(value, null, 2).split('\n')]
}
