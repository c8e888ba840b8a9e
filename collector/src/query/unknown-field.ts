/** Says of a field that there is not what can be asked for in its place. Knows names, not what they stand for. */

/** Stored, and never told. */
const SECRET_FIELDS = new Map([
  ['ip', 'addresses of people cannot be asked for'],
  ['click_id', 'ids of clicks cannot be asked for'],
])

/** Objects that have nothing to tell as a whole. */
const OBJECT_NAMES: ReadonlySet<string> = new Set(['properties', 'traits', 'context', 'lookups'])

const PATHS =
  ', or a path such as properties.plan (also traits., context., lookups.), or of a lookup table lookup_today.products(properties.product_id).brand (also lookup_then.)'

/** So many letters of a name may be wrong for one that is not: a third. */
const LETTERS_PER_MISTAKE = 3

/**
 * The rule that the name breaks, and what was perhaps meant.
 *
 * @param names of the fields that there are
 * @param hasPaths whether paths into what people sent are fields too
 */
export function describeUnknownField(
  name: string,
  names: readonly string[],
  hasPaths: boolean,
): { message: string; hint?: string } {
  const secret = SECRET_FIELDS.get(name)
  if (secret !== undefined) return { message: `must be another field: ${secret}` }
  if (hasPaths && OBJECT_NAMES.has(name)) return { message: `must go on with a path, such as ${name}.plan` }
  const nearest = findNearest(name, names)
  return {
    message: `must be one of ${names.join(', ')}${hasPaths ? PATHS : ''}`,
    ...(nearest === undefined ? {} : { hint: `did you mean ${nearest}?` }),
  }
}

/**
 * The name that another was probably to be: one spelt nearly so (`pagePath`, `page_pth`), else one that has it as a word
 * (`browser`, `path`). `undefined` when none is near; of equally near ones the first.
 */
export function findNearest(name: string, names: readonly string[]): string | undefined {
  const plain = plainOf(name)
  const [best] = names
    .map((candidate) => ({ candidate, mistakes: countMistakes(plain, plainOf(candidate)) }))
    .filter(({ candidate, mistakes }) => mistakes <= plainOf(candidate).length / LETTERS_PER_MISTAKE)
    .sort((a, b) => a.mistakes - b.mistakes)
  if (best !== undefined) return best.candidate
  const word = name.toLowerCase()
  return (
    names.find((candidate) => candidate === `${word}_name`) ??
    names.find((candidate) => candidate.split('_').includes(word))
  )
}

/** Without what only the habit of spelling changes: `pagePath`, `page-path` and `page_path` are one. */
function plainOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** Letters to insert, take away or replace until one is the other: Levenshtein's distance, row by row. */
function countMistakes(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1]
    for (const [column, other] of [...to].entries()) {
      const [left = 0, above = 0, before = 0] = [next[column], row[column + 1], row[column]]
      next.push(Math.min(left + 1, above + 1, before + (letter === other ? 0 : 1)))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
