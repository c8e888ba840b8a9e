/** The package `millrace` from its tarball, where neither wrangler nor chdb is installed: its command, and what a project imports. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findSystemNode } from '../support/packed-command.ts'
import { createPackedProject, type PackedProject } from '../support/packed-project.ts'

/** A configuration with a plan, whose zod is the project's own. */
const CONFIG = `import { defineConfig, definePlan, type PlanTypes, shippedWindows } from 'millrace/config'
import { z } from 'zod'

export const plan = definePlan({
  events: {
    'Order Completed': {
      version: '1-0-0',
      owner: 'shop',
      description: 'An order was placed.',
      properties: z.object({ total: z.number() }),
    },
  },
})
export type Plan = PlanTypes<typeof plan>
export const order: Plan['track']['Order Completed'] = { total: 42 }
// @ts-expect-error: a total is a number
export const noOrder: Plan['track']['Order Completed'] = { total: 'none' }
export const windows = shippedWindows
export default defineConfig({ sources: [{ name: 'web', writeKeys: ['wk_web'], plan }] })
`

/** The entry of the Worker. */
const WORKER = `import { createWorker, LiveAggregator } from 'millrace/worker'
import config from './millrace.config.ts'

const worker = createWorker(config)
export { LiveAggregator }
export default { fetch: worker.fetch, queue: worker.queue, scheduled: worker.scheduled }
`

let project: PackedProject
beforeAll(async () => {
  const files = { 'millrace.config.ts': CONFIG, 'worker.ts': WORKER }
  project = await createPackedProject('test/packages/command', { files })
})
afterAll(() => project?.remove())

describe('the command', () => {
  it('starts, and says what it can do', async () => {
    const { stdout } = await project.run('npx', ['--no-install', 'millrace', '--help'])
    for (const command of ['init', 'deploy', 'doctor', 'migrate']) expect(stdout).toContain(command)
    expect(existsSync(join(project.folder, 'node_modules/wrangler'))).toBe(false)
    expect(existsSync(join(project.folder, 'node_modules/chdb'))).toBe(false)
  })

  it('of npm create is millrace init', async () => {
    const help = async (...command: string[]) =>
      (await project.run('npx', ['--no-install', ...command, '--help'])).stdout
    expect(await help('create-millrace')).toBe(await help('millrace', 'init'))
    expect(await help('create-millrace')).toContain('millrace init')
  })

  it('says which Node it needs on one that is too old', async ({ skip }) => {
    const found = await findSystemNode()
    if (found === undefined || found.major >= 22) return skip('there is no Node older than 22 on the path')
    const end = await project.runToEnd('npx', ['--no-install', 'millrace', '--help'], {
      nodeFolder: found.folder,
    })
    expect(end).toMatchObject({ code: 2, output: expect.stringContaining(`this is ${found.version}`) })
  })
})

describe('what a project imports', () => {
  it('millrace/config loads, and its config is a value', async () => {
    const code = `const { default: config, windows } = await import('./millrace.config.ts')
      console.log(config.sources[0].name, Object.keys(windows).length > 0)`
    const { stdout } = await project.run('node', ['--input-type=module', '-e', code])
    expect(stdout.trim()).toBe('web true')
  })

  it('millrace/worker is bundled with nothing left over but what the platform has', async () => {
    const args = [
      'worker.ts',
      '--bundle',
      '--format=esm',
      '--outfile=built/worker.js',
      '--metafile=built/meta.json',
    ]
    const conditions = ['--conditions=workerd,worker,browser', '--external:cloudflare:*', '--external:node:*']
    await project.run('npx', ['--no-install', 'esbuild', ...args, ...conditions])
    const { outputs } = JSON.parse(await project.read('built/meta.json')) as {
      outputs: Record<string, { exports: string[]; imports: { path: string }[] }>
    }
    const worker = outputs['built/worker.js']
    expect(worker?.exports.toSorted()).toEqual(['LiveAggregator', 'default'])
    expect(worker?.imports.filter(({ path }) => !/^(cloudflare|node):/.test(path))).toEqual([])
  })

  it.each([
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])('both compile with module %s, moduleResolution %s', async (module, moduleResolution) => {
    const compilerOptions = { module, moduleResolution, target: 'es2022', lib: ['es2022', 'dom'], types: [] }
    const strict = { strict: true, noEmit: true, skipLibCheck: false, allowImportingTsExtensions: true }
    const tsconfig = { compilerOptions: { ...compilerOptions, ...strict }, files: ['worker.ts'] }
    await project.write('tsconfig.json', JSON.stringify(tsconfig))
    await project.run('node', ['node_modules/typescript/bin/tsc', '-p', '.'])
  })
})
