/**
 * What a comment in the line above a code block says of it. A reader of the page sees nothing of it.
 *
 * ```md
 * <!-- not run: needs a Cloudflare account -->
 * <!-- given: setting of a source; file: shop.config.ts -->
 * ```
 */

/** The marks of a block; those that are not there are absent. */
export interface Marks {
  /** Why it is not run. What can be said without running it is checked all the same. */
  notRun?: string
  /** Name of the surroundings in `givens.ts` that it is compiled in. */
  given?: string
  /** Path that the other blocks of its page import it by, relative to the project's folder. */
  file?: string
  /** `duckdb`: SQL that is not for ClickHouse. */
  engine?: string
  /** It is what the commands of the block above print, each line; `…` stands for any text. */
  isOutput?: true
  /** It is the answer of the command above, shortened: the same fields and columns, other values. */
  isAnswer?: true
  /** It is a body that the collector takes, with the path that it is posted to. */
  bodyOf?: string
  /** Begin of a command that may end with exit code 1, because it names something that is not there. */
  mayFail?: string
  /** Statuses that its requests may be answered with, beside 2xx. */
  statuses?: readonly number[]
}

/** Reads the line above a block. One that is no comment, or says something else, gives no marks. */
export function parseMarks(line: string): Marks {
  const [, comment] = /^\s*<!--\s*(.*?)\s*-->\s*$/.exec(line) ?? []
  if (comment === undefined) return {}
  return Object.assign({}, ...comment.split(/;\s+/).map(parseMark))
}

function parseMark(text: string): Marks {
  if (text === 'printed by the commands above') return { isOutput: true }
  if (text === 'answer of the command above') return { isAnswer: true }
  const [, path] = /^body of POST (\/\S+)$/.exec(text) ?? []
  if (path !== undefined) return { bodyOf: path }
  const [, name, value = ''] = /^([a-z ]+): (.+)$/.exec(text) ?? []
  if (name === 'not run') return { notRun: value }
  if (name === 'given') return { given: value }
  if (name === 'file') return { file: value }
  if (name === 'engine') return { engine: value }
  if (name === 'may fail') return { mayFail: value }
  if (name === 'status') return { statuses: value.split(/[, ]+/).map(Number) }
  return {}
}
