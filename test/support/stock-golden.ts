/** Golden files: what stock SDKs sent when they were captured, one request a file, in folders named for SDK and mode. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../scripts/setup.mjs'
import type { RecordedRequest } from './stock-recorder.ts'
import { createPerson, type Person, readSentEvents, type SentEvent } from './stock-visit.ts'

/** One file. */
export interface GoldenRequest extends RecordedRequest {
  /** Name and version as npm has them. */
  sdk: string
  /** Day, `2026-01-31`. */
  capturedOn: string
  /** What the body was on the wire, where it is not what it was. */
  note?: string
}

/** Folder of all golden files. */
export const GOLDEN_PATH = join(ROOT, 'test/golden')

/** Folders of {@link GOLDEN_PATH}, and the calls that the visit in them has beside those that all have. */
export const GOLDEN_FOLDERS = {
  'segment-node': { screen: true, reset: false },
  'segment-browser': { screen: true, reset: true },
  'segment-browser-batching': { screen: true, reset: true },
  'rudder-node': { screen: true, reset: false },
  'rudder-browser': { screen: false, reset: true },
  'rudder-browser-beacon': { screen: false, reset: true },
} as const

/** Name of a folder. */
export type GoldenFolder = keyof typeof GOLDEN_FOLDERS

/** Whose visit a folder holds. */
export function goldenPerson(folder: GoldenFolder): Person {
  return createPerson(`golden-${folder}`)
}

/** Requests of a folder in the order of the numbers in their names. */
export function readGolden(folder: GoldenFolder): GoldenRequest[] {
  const names = readdirSync(join(GOLDEN_PATH, folder)).sort((a, b) => numberOf(a) - numberOf(b))
  return names.map(
    (name) => JSON.parse(readFileSync(join(GOLDEN_PATH, folder, name), 'utf8')) as GoldenRequest,
  )
}

/** Events of some requests, each once, however often it was sent. */
export function eventsOf(requests: readonly RecordedRequest[]): SentEvent[] {
  const events = requests
    .filter(({ method }) => method === 'POST')
    .flatMap(({ body }) => readSentEvents(body))
  return [...new Map(events.map((event) => [event.messageId, event])).values()]
}

function numberOf(name: string): number {
  return Number.parseInt(name, 10)
}
