/** Says a mistake that the collector found in a question in the words of the command line: options in the place of fields. */

/** What was typed. */
export interface Typed {
  /** Kind of question. */
  question: string
  /** Options that are fields of a question, without dashes and as a query string has them: `timeZone`, `step`. */
  options: readonly string[]
  /** What was given of those that may be given several times. */
  lists: Readonly<Record<string, readonly string[]>>
}

/** Options that a question has all together, by its name for them. */
const REPEATED = new Map([
  ['events', 'event'],
  ['filters', 'filter'],
  ['steps', 'step'],
])

/** What a field that is missing may be. */
const EXAMPLES = new Map([
  ['field', 'page_path'],
  ['by', 'country'],
  ['step', 'page'],
  ['first', 'page'],
  ['returning', 'page'],
])

/** An option as it is typed: `--time-zone` of `timeZone`. */
export function optionOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/**
 * The collector's message with options for fields; as it is where it begins with none.
 *
 * @example `filters[0].value must be a number, got "abc"` is `--filter asn:gt:abc: value must be a number, got "abc"`
 */
export function speakOptions(message: string, { question, options, lists }: Typed): string {
  const [, unknown = '', known = ''] = /^the question has no field (.+); known: (.+)$/s.exec(message) ?? []
  if (unknown !== '') {
    const speak = (names: string) =>
      names
        .replaceAll('"', '')
        .split(', ')
        .map((name) => optionOf(nameOf(name)))
        .join(', ')
    return `${question} takes no ${speak(unknown)}; it takes ${speak(known)}`
  }
  const [, field = '', index, below = '', rule = ''] =
    /^([A-Za-z]+)(?:\[(\d+)\])?(?:\.([\w.[\]]+))? (.+)$/s.exec(message) ?? []
  const name = nameOf(field)
  if (!options.includes(name)) return message
  const option = optionOf(name)
  if (index === undefined && rule.startsWith('is missing')) {
    const example = EXAMPLES.get(name)
    return `${question} needs ${option}${example === undefined ? '' : `, such as ${option} ${example}`}`
  }
  const value = index === undefined ? undefined : lists[name]?.[Number(index)]
  const where = value === undefined ? option : `${option} ${quoteForShell(value)}:`
  const told = rule.replace(/^must be (at least|at most) (\d+) in number/, 'must be given $1 $2 times')
  return [where, ...(below === '' ? [] : [below]), told].join(' ')
}

function nameOf(field: string): string {
  return REPEATED.get(field) ?? field
}

/** As it was probably typed. */
function quoteForShell(value: string): string {
  return /^[\w:.,/%@+-]+$/.test(value) ? value : `'${value}'`
}
