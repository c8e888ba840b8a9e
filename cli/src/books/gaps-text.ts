/** What clients numbered and we never got, as text for people. */

import type { StreamGap } from '@millrace/schemas/books'
import type { Books } from './books.ts'
import { countOf, listCounts, momentOf, numberOf, wrap } from './words.ts'

const INDENT = '  '

/** Ranges of a stream that are written out. */
const MAX_RANGES = 12

/** All streams together: what is missing, what of it clients declared, and what nobody can know. */
export function gapLines(gaps: Books['gaps'], hasStreams: boolean): string[] {
  const { streams, missing, undeclared, open, dropped, droppedBy, tailsUnknown } = gaps
  if (missing === 0 && dropped === 0) return [`${INDENT}none that a number tells of`]
  const sentences = [
    missing === 0
      ? 'No number is missing.'
      : `${countOf(missing, 'number')} of ${countOf(streams, 'stream')} ${tellAbsent(missing, open > 0)}.`,
    ...(dropped === 0
      ? []
      : [`Clients say that they dropped ${numberOf(dropped)}: ${listCounts(droppedBy)}.`]),
    ...(missing === 0 ? [] : [tellExplained(missing - undeclared, undeclared)]),
    ...(open === 0 ? [] : [`${numberOf(open)} of those may still come: their streams were heard just now.`]),
    ...(tailsUnknown === 0
      ? []
      : [`Of ${countOf(tailsUnknown, 'stream')} nobody knows whether more followed the last number.`]),
    ...(hasStreams || missing + dropped === 0 ? [] : ['--gaps lists the streams.']),
  ]
  return sentences.flatMap((sentence) => wrap(sentence, INDENT))
}

/** What may still come has not failed to. */
function tellAbsent(count: number, isOpen: boolean): string {
  if (!isOpen) return 'never came'
  return `${count === 1 ? 'has' : 'have'} not come yet`
}

function tellExplained(declared: number, undeclared: number): string {
  if (declared === 0) return 'Nothing explains them.'
  if (undeclared === 0) return 'That explains all of them.'
  return `That explains ${numberOf(declared)} of them; nothing explains ${numberOf(undeclared)}.`
}

/** Stream by stream, those that lack most first. */
export function streamLines({ streams, gaps }: Books): string[] {
  const told = streams.reduce((sum, { missing }) => sum + missing, 0)
  const rest = gaps.missing - told
  return [
    ...streams.flatMap((stream) => ['', ...describeStream(stream)]),
    ...(rest > 0 ? ['', `${INDENT}and ${countOf(rest, 'number')} more, in other streams`] : []),
  ]
}

function describeStream(gap: StreamGap): string[] {
  const { stream, missing, dropped, droppedBy, tail, highest, state, lastReceivedAt } = gap
  const last = `${momentOf(lastReceivedAt)} UTC`
  const absent = state === 'open' ? 'not here yet' : 'never came'
  const below = [
    ...(missing === 0 ? [] : [`${absent}: ${tellRanges(gap)} (${countOf(missing, 'number')})`]),
    ...(dropped === 0 ? [] : [`its client dropped ${numberOf(dropped)}: ${listCounts(droppedBy)}`]),
    tail === 'known'
      ? `${numberOf(highest)} was its last number`
      : `its last known number is ${numberOf(highest)}; whether more followed is unknown`,
  ]
  const heard = state === 'open' ? `heard ${last}, so the rest may still come` : `last heard ${last}`
  return [`${INDENT}${stream}`, ...[...below, heard].flatMap((line) => wrap(line, INDENT.repeat(2)))]
}

/** `3-9, 12 …`. */
function tellRanges({ ranges, missing }: StreamGap): string {
  const shown = ranges.slice(0, MAX_RANGES)
  const count = shown.reduce((sum, [from, to]) => sum + to - from + 1, 0)
  const text = shown.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(', ')
  return count < missing ? `${text} …` : text
}
