/** The examples of `docs/frameworks.md` type-check, against the SDK's sources and the frameworks' own types. */

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

const text = await readFile(join(ROOT, 'docs/frameworks.md'), 'utf8')

/** Each example below the heading that it stands under. */
const examples = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(
  ({ 1: language, 2: code = '', index }) => ({
    heading:
      text
        .slice(0, index)
        .match(/^## .*$/gm)
        ?.at(-1)
        ?.slice(3) ?? '',
    language,
    code,
  }),
)

/** What the runtimes have that Node has not, as far as the examples use it. */
const RUNTIMES = `
interface ExecutionContext { waitUntil(promise: Promise<unknown>): void }
declare const Deno: { serve(handler: (request: Request) => Response | Promise<Response>): unknown }
declare const Bun: { serve(options: { fetch(request: Request): Response | Promise<Response> }): unknown }
`

const CONFIG = {
  extends: '../../tsconfig.base.json',
  compilerOptions: {
    types: ['node'],
    typeRoots: ['../@types'],
    paths: {
      '@millrace/node': ['../../sdk-node/src/index.ts'],
      '@millrace/node/context': ['../../sdk-node/src/request-context.ts'],
      '@millrace/node/*': ['../../sdk-node/src/*.ts'],
    },
  },
}

/** An example that must not compile, so that this test is seen to look. */
const BROKEN = examples[0]?.code.replace('event:', 'evnt:') ?? ''

const nameOf = (index: number) => `example-${index}.ts`

/** What the compiler says of the examples, each a file. */
async function compile(folder: string): Promise<string> {
  const files: Record<string, string> = { 'runtimes.d.ts': RUNTIMES, 'broken.ts': BROKEN }
  for (const [index, { code }] of examples.entries()) files[nameOf(index)] = code
  const config = { ...CONFIG, files: Object.keys(files) }
  const written = { ...files, 'tsconfig.json': JSON.stringify(config) }
  for (const [name, content] of Object.entries(written)) await writeFile(join(folder, name), content)
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  return promisify(execFile)(tsc, ['-p', folder, '--pretty', 'false']).then(
    ({ stdout }) => stdout,
    ({ stdout }) => stdout,
  )
}

let errors: string[] = []

beforeAll(async () => {
  // Beside the frameworks, so that their types are found.
  const folder = await mkdtemp(join(ROOT, 'node_modules/.millrace-examples-'))
  try {
    errors = (await compile(folder)).split('\n').filter((line) => line !== '')
  } finally {
    await rm(folder, { recursive: true })
  }
})

describe('docs/frameworks.md', () => {
  it('has an example for each', () => {
    const headings = examples.map(({ heading }) => heading)
    expect(new Set(headings)).toEqual(
      new Set([
        ...['Express', 'Hono', 'Fastify', 'Fetch handlers', 'Workers', 'AWS Lambda', 'Deno', 'Bun'],
        'Without passing it on',
      ]),
    )
    expect(examples.every(({ language }) => language === 'ts')).toBe(true)
  })

  it.each(examples.map(({ heading }, index) => [heading, nameOf(index)]))(
    'has an example under "%s" that type-checks (%s)',
    (_, name) => expect(errors.filter((line) => line.includes(`/${name}(`))).toEqual([]),
  )

  it('is looked at: one that does not type-check is the only one to be told', () => {
    expect(errors.map((line) => line.replace(/.*\/(.+?)\(.*?: (error TS\d+).*/, '$1 $2'))).toEqual([
      'broken.ts error TS2561',
    ])
    expect(errors[0]).toContain("'evnt'")
  })
})
