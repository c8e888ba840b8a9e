/**
 * Names of folders and files. `<directory>/<destination>/<stream>/` holds the claims `owner-1`, `owner-2` … and segments
 * `000001-1.events` with `000001-1.journal`: their number, and the sequence number of their first event.
 */

import { createHash } from 'node:crypto'

/** Events are personal data: nobody else on the machine may look into the folders. */
export const FOLDER_MODE = 0o700

/** What is being made or deleted: never looked into, deleted by anybody once it is old. */
export const TEMPORARY_PREFIX = '.tmp-'

/** Folder of the streams that go to one key and endpoint. The key cannot be found from it. */
export function destinationFolder(destination: string): string {
  return createHash('sha256').update(destination).digest('hex').slice(0, 16)
}

export function isDestinationFolder(name: string): boolean {
  return /^[0-9a-f]{16}$/.test(name)
}

/** Folder of a stream; `generation` counts from 1, the later ones are for when the one before was lost. */
export function streamFolder(stream: string, generation: number): string {
  const name = encodeURIComponent(stream).replaceAll('.', '%2E')
  return generation === 1 ? name : `${name}+${generation}`
}

/** Stream of a folder; `undefined` when it is not one's. */
export function streamOf(folder: string): string | undefined {
  const [, name] = /^([^+.]+)(?:\+\d+)?$/.exec(folder) ?? []
  try {
    return name === undefined ? undefined : decodeURIComponent(name)
  } catch {
    return undefined
  }
}

export interface SegmentName {
  /** Name of both files without their ending. */
  base: string
  number: number
  firstSeq: number
}

export function segmentName(number: number, firstSeq: number): SegmentName {
  return { base: `${String(number).padStart(6, '0')}-${firstSeq}`, number, firstSeq }
}

/** The segments among the names in a folder, oldest first. */
export function segmentsIn(names: readonly string[]): SegmentName[] {
  const segments: SegmentName[] = []
  for (const name of names) {
    const [, base, number, firstSeq] = /^((\d{6,15})-(\d{1,15}))\.events$/.exec(name) ?? []
    if (base !== undefined) segments.push({ base, number: Number(number), firstSeq: Number(firstSeq) })
  }
  return segments.sort((a, b) => a.number - b.number)
}

/** Ending of a file of events that the disk did not give back. */
export const UNREADABLE_ENDING = '.unreadable'

/** Journals whose events are gone: of a segment that was being deleted. */
export function strayJournalsIn(names: readonly string[]): string[] {
  return names.filter((name) => {
    const events = name.replace(/journal$/, 'events')
    return name.endsWith('.journal') && !names.includes(events) && !names.includes(events + UNREADABLE_ENDING)
  })
}

export function ownerName(number: number): string {
  return `owner-${number}`
}

/** Numbers of the claims among the names in a folder, lowest first. */
export function ownersIn(names: readonly string[]): number[] {
  const numbers = names.map((name) => Number(/^owner-(\d{1,15})$/.exec(name)?.[1]))
  return numbers.filter((number) => number > 0).sort((a, b) => a - b)
}
