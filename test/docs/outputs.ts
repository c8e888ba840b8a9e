/** Compares what a page shows with what was printed. */

/** Ids and hashes are others each time. */
const HASH = /(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])/g

/**
 * Lines that are shown and were not printed, in the order in which they are shown. More may have been printed. `…` in what is
 * shown stands for any text, and a hash of 32 digits for any other; blanks at the ends of lines do not count.
 */
export function findDifferences(shown: string, printed: string): string[] {
  const rest = linesOf(printed)
  return linesOf(shown).flatMap((line) => {
    const place = rest.findIndex((one) => matches(line, one))
    if (place === -1) return [`shows ${line}, but what is printed is ${rest.join('\n') || 'nothing more'}`]
    rest.splice(0, place + 1)
    return []
  })
}

/**
 * What an answer in JSON has not of what is shown: fields by their names, the first of a list, all texts of `columns`. Of several
 * answers, each a line, it is the one that lacks least.
 */
export function findMissing(shown: string, printed: string): string[] {
  const wanted: unknown = JSON.parse(shown)
  const missing = linesOf(printed).map((line) => {
    try {
      return compare(wanted, JSON.parse(line), '')
    } catch (error) {
      return [`${String(error)}: ${line.slice(0, 300)}`]
    }
  })
  return missing.toSorted((a, b) => a.length - b.length)[0] ?? []
}

function compare(shown: unknown, printed: unknown, path: string): string[] {
  if (Array.isArray(shown)) return compareLists(shown, printed, path)
  if (typeof shown !== 'object' || shown === null) return []
  if (typeof printed !== 'object' || printed === null) return [`${path} is ${JSON.stringify(printed)}`]
  const fields = printed as Record<string, unknown>
  return Object.entries(shown).flatMap(([name, value]) =>
    name in fields ? compare(value, fields[name], `${path}.${name}`) : [`there is no ${path}.${name}`],
  )
}

function compareLists(shown: readonly unknown[], printed: unknown, path: string): string[] {
  if (!Array.isArray(printed)) return [`${path} is ${JSON.stringify(printed)}`]
  if (path.endsWith('.columns')) {
    const [wanted, found] = [JSON.stringify(shown), JSON.stringify(printed)]
    return wanted === found ? [] : [`${path} are ${found}`]
  }
  // There may be none of what is shown.
  return printed.length === 0 ? [] : compare(shown[0], printed[0], `${path}[0]`)
}

function linesOf(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.trim())
}

function matches(shown: string, printed: string): boolean {
  const pattern = shown
    .replaceAll(HASH, '…')
    .split('…')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*')
  return new RegExp(`^${pattern}$`).test(printed)
}
