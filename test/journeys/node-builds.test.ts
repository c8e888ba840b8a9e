/** The Node SDK as it is published: ES module, CommonJS and the build for Workers, in the runtimes that they are for. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/setup.mjs'
import ENTRIES from '../../sdk-node/entries.json' with { type: 'json' }
import packageJson from '../../sdk-node/package.json' with { type: 'json' }
import { runScript } from '../support/node-script.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

const SDK = join(ROOT, 'sdk-node')

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack()
})
afterAll(() => stack.stop())

async function expectStored(name: string, count: number): Promise<void> {
  const query = 'SELECT toUInt32(count()) AS n FROM events FINAL WHERE event = {name:String}'
  const stored = async () => (await stack.query<{ n: number }>(query, { name }))[0]?.n
  expect(await waitFor(stored, (n) => (n ?? 0) >= count)).toBe(count)
}

/** A Worker without any compatibility flag, bundled as wrangler would. */
async function startWorker(text: string): Promise<Miniflare> {
  const { outputFiles } = await build({
    stdin: { contents: text, resolveDir: join(ROOT, 'test'), loader: 'js' },
    bundle: true,
    write: false,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
  })
  return new Miniflare(
    convertV4MiniflareOptions({
      modules: [{ type: 'ESModule', path: 'worker.js', contents: outputFiles[0]?.text ?? '' }],
      compatibilityDate: '2026-10-20',
      bindings: { ENDPOINT: stack.worker.url },
      cf: false,
    }),
  )
}

describe('the package', () => {
  it('has the entries that are built', () => {
    const paths = Object.keys(ENTRIES).map((name) => (name === 'index' ? '.' : `./${name}`))
    expect(Object.keys(packageJson.exports).sort()).toEqual([...paths, './package.json'].sort())
  })

  it.each(['edge', 'hono', 'serverless'])(
    '%s imports nothing of Node, nor does what it imports',
    async (entry) => {
      const { metafile } = await build({
        entryPoints: [join(SDK, `dist/${entry}.js`)],
        bundle: true,
        write: false,
        metafile: true,
        platform: 'neutral',
        external: ['node:*'],
      })
      const imports = Object.values(metafile.outputs).flatMap((output) => output.imports)
      expect(imports).toEqual([])
    },
  )

  it('every file that package.json names is there', async () => {
    const files = JSON.stringify(packageJson.exports).match(/\.\/dist\/[^"]+/g) ?? []
    expect(files.length).toBeGreaterThan(20)
    for (const file of files) expect((await readFile(join(SDK, file), 'utf8')).length).toBeGreaterThan(0)
  })
})

describe('in Node', () => {
  const use = (name: string) => `
    const client = createMillrace({ writeKey: 'dev', endpoint: '${stack.worker.url}' })
    client.track({ userId: 'u', event: '${name}' })
    client.close().then(({ delivered }) => console.log('delivered', delivered))`

  it('as an ES module', async () => {
    const { output } = await runScript(`import { createMillrace } from '@millrace/node'; ${use('esm')}`)
    expect(output).toBe('delivered 1\n')
    await expectStored('esm', 1)
  })

  it('as CommonJS, with every entry', async () => {
    const entries = Object.keys(ENTRIES).map((name) =>
      name === 'index' ? '@millrace/node' : `@millrace/node/${name}`,
    )
    const text = `for (const name of ${JSON.stringify(entries)}) require(name)
      const { createMillrace } = require('@millrace/node'); ${use('cjs')}`
    const { output } = await runScript(text, 'commonjs')
    expect(output).toBe('delivered 1\n')
    await expectStored('cjs', 1)
  })
})

describe('in a Worker', () => {
  it('events of a request are sent after the answer, in one request', async () => {
    const worker = await startWorker(`
      import { createMillrace } from '@millrace/node'
      export default {
        fetch(request, env, ctx) {
          const options = { writeKey: 'dev', endpoint: env.ENDPOINT, flushIntervalMs: 50 }
          const millrace = createMillrace({ ...options, waitUntil: (promise) => ctx.waitUntil(promise) })
          for (let i = 0; i < 20; i += 1) millrace.track({ userId: 'u', event: 'worker', properties: { i } })
          return new Response(JSON.stringify(millrace.stats()))
        },
      }`)
    try {
      const answers = await Promise.all([1, 2, 3].map(() => worker.dispatchFetch('http://localhost/')))
      for (const answer of answers) expect(await answer.json()).toMatchObject({ accepted: 20, requests: 0 })
      await expectStored('worker', 60)
    } finally {
      await worker.dispose()
    }
  })

  it('a spool is refused in words', async () => {
    const worker = await startWorker(`
      import { createMillrace } from '@millrace/node'
      export default {
        fetch(request, env) {
          try {
            createMillrace({ writeKey: 'dev', endpoint: env.ENDPOINT, spool: '/spool' })
          } catch (error) {
            return new Response(error.message)
          }
        },
      }`)
    try {
      const answer = await worker.dispatchFetch('http://localhost/')
      expect(await answer.text()).toBe(
        'spool needs a file system: import @millrace/node in Node, Deno or Bun',
      )
    } finally {
      await worker.dispose()
    }
  })
})
