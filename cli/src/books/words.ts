/** Numbers, times and lines of the books. Pure. */

const WIDTH = 80

/** `12,345`. */
export function numberOf(value: number): string {
  return value.toLocaleString('en-US')
}

/** `1 event`, `2,000 events`. */
export function countOf(count: number, one: string): string {
  return `${numberOf(count)} ${one}${count === 1 ? '' : 's'}`
}

/** `bot 12, no_consent 3`, the most first. */
export function listCounts(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${numberOf(count)}`)
    .join(', ')
}

/** `2026-11-22 10:07` of a time in ISO 8601. */
export function momentOf(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ')
}

/** A text in lines of at most 80 columns, each behind `indent`; none for an empty text. A word that is longer has its own. */
export function wrap(text: string, indent = ''): string[] {
  const lines: string[] = []
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const last = lines.at(-1)
    const longer = `${last ?? ''} ${word}`
    if (last === undefined || longer.length > WIDTH) lines.push(indent + word)
    else lines[lines.length - 1] = longer
  }
  return lines
}
