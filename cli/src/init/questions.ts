/** The five questions: what is asked, why, and what is taken when nothing is typed. Knows no terminal. */

import {
  type Answers,
  type ClickHouseAnswer,
  checkApart,
  DEFAULT_USER,
  type Parsed,
  parseClickHouse,
  parseDomain,
  parseName,
  parseSites,
  parseUser,
} from './answers.ts'
import type { Choice } from './decide.ts'

/** A person who can be asked. Each gives an answer, or rejects with {@link Interrupted}. */
export interface Prompts {
  /** Prints a line that is no question. */
  say: (line: string) => void
  /** Asks for a line of text; `check` says what is wrong with it, or `true`. */
  input: (question: {
    message: string
    suggestion: string
    check: (text: string) => true | string
  }) => Promise<string>
  /** Asks for yes or no. */
  confirm: (question: { message: string; suggestion: boolean }) => Promise<boolean>
  /** Asks what becomes of a file that is there and differs. */
  choose: (message: string) => Promise<Choice>
}

/** The person went away: Ctrl-C, or the end of the input. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** What flags have told already; a field that is not there is asked. */
export type Given = Partial<Answers> & { clickhouseUser?: string | undefined }

/** What is taken for all that is not given. */
export function defaultAnswers(fittedName: string): Answers {
  return { name: fittedName, sites: [], domain: null, clickhouse: null, staging: true }
}

/** What is suggested where nothing is an answer, so that the screen says what Enter means. */
const ANY = 'any'
const NONE = 'none'

/** Asks for what is not given, in order; `defaults` are suggested. */
export async function askMissing(given: Given, defaults: Answers, prompts: Prompts): Promise<Answers> {
  const fields = ['name', 'sites', 'domain', 'clickhouse', 'staging'] as const
  const open = fields.filter((field) => given[field] === undefined)
  const explain = (field: (typeof fields)[number], why: string) => {
    prompts.say('')
    prompts.say(`${open.indexOf(field) + 1}/${open.length}  ${why}`)
  }
  const name = given.name ?? (await askName(defaults.name, prompts, explain))
  const sites = given.sites ?? (await askSites(given.domain ?? null, prompts, explain))
  const domain = given.domain !== undefined ? given.domain : await askDomain(sites, prompts, explain)
  const clickhouse =
    given.clickhouse !== undefined ? given.clickhouse : await askClickHouse(given, prompts, explain)
  const staging = given.staging ?? (await askStaging(defaults.staging, name, prompts, explain))
  return { name, sites, domain, clickhouse, staging }
}

type Explain = (field: keyof Answers, why: string) => void

async function askName(suggestion: string, prompts: Prompts, explain: Explain): Promise<string> {
  explain('name', 'The Worker, its queues and its bucket are named by it.')
  return askFor(prompts, { message: 'Name of the project', suggestion }, parseName)
}

async function askSites(domain: string | null, prompts: Prompts, explain: Explain) {
  explain('sites', 'Pages of other sites will be refused. Divide several by commas.')
  const question = { message: 'Your site, such as https://shop.example', suggestion: ANY }
  return askFor(prompts, question, (text) =>
    apart(parseSites(text.trim() === ANY ? '' : text), (sites) => checkApart(domain, sites)),
  )
}

async function askDomain(sites: readonly string[], prompts: Prompts, explain: Explain) {
  const site = sites[0] === undefined ? 'shop.example' : new URL(sites[0]).hostname.replace(/^(www|\*)\./, '')
  explain(
    'domain',
    'On a subdomain of your site its cookie is first-party, and lasts; none: it is under workers.dev.',
  )
  const question = { message: `Domain of the collector, such as events.${site}`, suggestion: NONE }
  return askFor(prompts, question, (text) =>
    apart(parseDomain(orNothing(text)), (domain) => checkApart(domain, sites)),
  )
}

async function askClickHouse(
  given: Given,
  prompts: Prompts,
  explain: Explain,
): Promise<ClickHouseAnswer | null> {
  explain('clickhouse', 'Events are stored there. `npm run dev` brings its own; only a deployment needs one.')
  const address = { message: 'ClickHouse, such as https://db.example:8443', suggestion: NONE }
  const url = await askFor(prompts, address, (text) => parseClickHouse(orNothing(text)))
  if (url === null) return null
  if (given.clickhouseUser !== undefined) return { url, user: given.clickhouseUser }
  const question = { message: 'User of ClickHouse', suggestion: DEFAULT_USER }
  return { url, user: await askFor(prompts, question, parseUser) }
}

async function askStaging(
  suggestion: boolean,
  name: string,
  prompts: Prompts,
  explain: Explain,
): Promise<boolean> {
  explain(
    'staging',
    `A second Worker, ${name}-staging, to try changes on. It costs nothing until it is deployed.`,
  )
  return prompts.confirm({ message: 'Staging beside production?', suggestion })
}

async function askFor<T>(
  prompts: Prompts,
  question: { message: string; suggestion: string },
  parse: (text: string) => Parsed<T>,
): Promise<T> {
  const check = (text: string) => {
    const parsed = parse(text)
    return parsed.ok || `It ${parsed.problem}`
  }
  const parsed = parse(await prompts.input({ ...question, check }))
  if (parsed.ok) return parsed.value
  // A prompt gives nothing that its check refuses.
  throw new TypeError(`${question.message}: ${parsed.problem}`)
}

function orNothing(text: string): string {
  return text.trim() === NONE ? '' : text
}

/** A fit value that does not fit to another answer. */
function apart<T>(parsed: Parsed<T>, problemOf: (value: T) => string | undefined): Parsed<T> {
  const problem = parsed.ok ? problemOf(parsed.value) : undefined
  return problem === undefined ? parsed : { ok: false, problem }
}
