/** The commands and the SQL of every Markdown file are run, in their order, against a stack of their own. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Block, findAllBlocks, findBlocks, placeOf } from './blocks.ts'
import { isShell } from './commands.ts'
import { checkRequest } from './http.ts'
import { type DocsStack, METRICS_TOKEN, READ_TOKEN, SECRET_KEY, startDocsStack } from './local-stack.ts'
import { findSettingSources, SETTINGS_PAGE, type SettingSource } from './project.ts'
import { runPage } from './session.ts'
import { checkSql } from './sql.ts'

const blocks = findAllBlocks()
const isRun = ({ marks }: Block) => marks.notRun === undefined

/** Pages with something to run, beside that of the settings. */
const pages = [...Map.groupBy(blocks, ({ file }) => file)].filter(
  ([file, own]) => file !== SETTINGS_PAGE && own.some((block) => isShell(block) && isRun(block)),
)

/** Sections of the settings page, each with the functions of the shell that it begins with. */
const sections = findSettingSources(blocks)
  .map((source): [string, SettingSource, Block[]] => {
    const headings = ['Try a setting', source.heading]
    return [
      source.heading,
      source,
      blocks.filter(({ file, heading }) => file === SETTINGS_PAGE && headings.includes(heading)),
    ]
  })
  .filter(([, , page]) => page.some(({ marks }) => marks.isOutput))

/** What `docs/lake.md` has readers for: an export as it says, and one as CSV and as NDJSON. */
const EXPORTS = findBlocks(
  'test/docs/run.test.ts',
  `\`\`\`sh
npx millrace export --source shop --from 2026-11-01 --to 2026-12-01 --out export
npx millrace export --source shop --format csv --out export-csv
npx millrace export --source shop --format ndjson --out export-ndjson
\`\`\``,
)

let docs: DocsStack

beforeAll(async () => {
  docs = await startDocsStack(blocks)
  expect(await runPage(EXPORTS, docs.world)).toEqual([])
}, 150_000)
afterAll(() => docs?.stop())

describe.concurrent(SETTINGS_PAGE, () => {
  it.each(sections)('has a section "%s" whose commands print what it shows', async (_, { name }, page) => {
    const localize = (text: string) =>
      text
        .replaceAll('wk_shop', `wk_${name}`)
        .replaceAll('--source shop', `--source ${name}`)
        .replaceAll(SECRET_KEY, `${SECRET_KEY}-${name}`)
        .replaceAll(/source (\\?)"shop\\?"/g, `source $1"${name}$1"`)
    const { outputs, env, ...world } = docs.world
    const own = { ...world, localize, outputs: `${outputs}${name}-`, env: { ...env, DOCS_SOURCE: name } }
    expect(await runPage(page, own)).toEqual([])
  })
})

describe('the commands', () => {
  it.each(pages)('of %s run', async (_, page) => {
    expect(await runPage(page, docs.world)).toEqual([])
  })
})

describe('SQL', () => {
  it.each(
    blocks
      .filter((block) => block.language === 'sql' && isRun(block))
      .map((block) => [placeOf(block), block] as const),
  )('of %s runs', async (_, block) => {
    const { world } = docs
    expect(await checkSql(block, world)).toEqual([])
  })
})

describe('HTTP', () => {
  const keys = { rt_shop: READ_TOKEN, sk_shop: SECRET_KEY, metrics_shop: METRICS_TOKEN }
  const requests = blocks.filter((block) => block.language === 'http' && isRun(block))
  it.each(requests.map((block) => [placeOf(block), block] as const))('of %s is taken', async (_, block) => {
    expect(await checkRequest(block, docs.world.workerUrl, keys)).toEqual([])
  })
})

describe('bodies', () => {
  it('are accepted where a page says that they are', async () => {
    for (const { marks, code, ...place } of blocks.filter(({ marks }) => marks.bodyOf !== undefined)) {
      // One that has no key of its own is sent as a client of the shop would.
      const headers: Record<string, string> = code.includes('"writeKey"')
        ? {}
        : { authorization: `Basic ${btoa('wk_shop:')}` }
      const body = code.replaceAll(/"writeKey": *"wk_\w+"/g, '"writeKey": "wk_shop"')
      const response = await fetch(`${docs.world.workerUrl}${marks.bodyOf}`, {
        method: 'POST',
        headers,
        body,
      })
      expect([response.status, await response.text()], placeOf(place)).toEqual([
        200,
        expect.stringContaining('"success":true'),
      ])
    }
  })
})

describe('what is wrong', () => {
  const pageOf = (text: string) => findBlocks('page.md', text)
  const script = (...lines: string[]) => pageOf(`\`\`\`sh\n${lines.join('\n')}\n\`\`\`\n`)

  it.each([
    ['a question that there is not', ['npx millrace query topp --source shop'], 'exit code 2'],
    ['a filter that cannot be', ['npx millrace export --source shop --out x --where nothing'], 'exit code 2'],
    ['a route that there is not', ['curl -s http://127.0.0.1:8787/v1/none'], 'answered HTTP/1.1 404'],
    ['a request to another machine', ['curl -s https://example.org/'], 'is not of this machine'],
    ['a program that there is not', ['true', 'none-of-them | cat'], 'none-of-them: command not found'],
  ])('is found: %s', async (_, lines, message) => {
    expect(await runPage(script(...lines), docs.world)).toEqual([
      { place: 'page.md:1', message: expect.stringContaining(message) },
    ])
  })

  it('does not hide what comes after it, and what is shown is compared', async () => {
    const page = pageOf(
      '```sh\nfalse\n```\n\n```sh\necho one\n```\n<!-- printed by the commands above -->\n```text\ntwo\n```\n',
    )
    expect(await runPage(page, docs.world)).toEqual([
      { place: 'page.md:1', message: 'exit code 1: failed: false' },
      { place: 'page.md:9', message: 'shows two, but what is printed is one' },
    ])
  })

  it.each([
    ['a column that there is not', 'SELECT nothing FROM events', 'nothing'],
    ['the second of two statements', 'SELECT 1;\nSELECT * FROM none', 'none'],
    ['a column of an export', "SELECT nothing FROM 'export/events/**/*.parquet'", 'nothing'],
  ])('is found in SQL: %s', async (name, sql, message) => {
    const mark = name.endsWith('export') ? '<!-- engine: duckdb -->\n' : ''
    const [block] = pageOf(`${mark}\`\`\`sql\n${sql}\n\`\`\`\n`)
    expect(block && (await checkSql(block, docs.world))).toEqual([
      { place: expect.stringMatching(/^page.md:/), message: expect.stringContaining(message) },
    ])
  })

  it.each([
    ['GET /v1/query/topp HTTP/1.1\nAuthorization: Bearer rt', 'is answered 404'],
    ['GET /v1/query/top HTTP/1.1\nAuthorization: Bearer none', 'is answered 401'],
    ['POST /v1/batch HTTP/1.1\n\n{ "writeKey": "none" }', 'is answered 4'],
    ['FETCH it', 'is no request line'],
  ])('is found in a request: %s', async (text, message) => {
    const [block] = pageOf(`\`\`\`http\n${text}\n\`\`\`\n`)
    expect(block && (await checkRequest(block, docs.world.workerUrl, { rt: READ_TOKEN }))).toEqual([
      { place: 'page.md:1', message: expect.stringContaining(message) },
    ])
  })
})
