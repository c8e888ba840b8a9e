/**
 * Keeps the numbers that README and docs quote as `bench/results` has them: `npm run quotes` writes them, the check fails
 * where one differs by more than its noise.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import { compareTexts, findMarked, replaceMarked } from './quotes/marks.ts'
import { QUOTES, type Quote } from './quotes/quotes.ts'
import { createReadResults, type ReadResults } from './quotes/results.ts'
import { ROOT } from './setup.mjs'
import { runAsScript } from './step.ts'

/** Where numbers are quoted. */
const PAGES = ['README.md', 'docs/**/*.md', '{sdk-web,sdk-node,cli,collector}/README.md', 'sdk-web/docs/*.md']

/**
 * What is wrong with the quotes of a page.
 *
 * @returns a line for each, `README.md:12: web-size …`
 */
export function checkPage(
  page: string,
  markdown: string,
  read: ReadResults,
  quotes: Readonly<Record<string, Quote>> = QUOTES,
): string[] {
  return findMarked(markdown).flatMap(({ name, text, line }) => {
    const quote = quotes[name]
    if (quote === undefined)
      return [
        `${page}:${line}: there is no number ${name}; scripts/quotes/quotes.ts has those that there are`,
      ]
    const wrong = compareTexts(text, quote.write(read), quote.noise)
    return wrong === undefined ? [] : [`${page}:${line}: ${name} ${wrong}`]
  })
}

/** Fails where a quoted number is not what was measured. */
export async function checkQuotes(): Promise<void> {
  const read = createReadResults()
  const pages = await findPages()
  const wrong = pages.flatMap((page) => checkPage(page, readFileSync(join(ROOT, page), 'utf8'), read))
  if (wrong.length > 0)
    throw new Error(
      `quoted numbers are not those of bench/results:\n${wrong.join('\n')}\n\`npm run quotes\` writes them`,
    )
  console.error(`millrace: numbers in ${pages.length} pages are those that were measured`)
}

async function writeQuotes(): Promise<void> {
  const read = createReadResults()
  for (const page of await findPages()) {
    const path = join(ROOT, page)
    const before = readFileSync(path, 'utf8')
    const after = replaceMarked(before, (name) => {
      const quote = QUOTES[name]
      if (quote === undefined) throw new Error(`${page}: there is no number ${name}`)
      return quote.write(read)
    })
    if (after === before) continue
    writeFileSync(path, after)
    console.error(`millrace: ${page} has the numbers of bench/results`)
  }
}

async function findPages(): Promise<string[]> {
  const found: string[] = []
  for await (const page of glob(PAGES, { cwd: ROOT })) found.push(page)
  return found.sort()
}

await runAsScript(import.meta.url, writeQuotes)
