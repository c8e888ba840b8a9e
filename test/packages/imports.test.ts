/** Every import path of the SDKs' tarballs: loaded by `import` and by `require`, under all conditions, and compiled. */

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PINNED_NODE, ROOT } from '../../scripts/setup.mjs'
import { findSystemNode } from '../support/packed-command.ts'
import { createPackedProject, type PackedProject } from '../support/packed-project.ts'

/** Import paths that hold no code for Node: scripts for a tag, and data. */
const NO_CODE = /\/(millrace\.js|stub\.js|[\w.]+\.json)$/

/** All that can be imported, by package. */
const PATHS = ['sdk-web', 'sdk-node'].flatMap((folder) => {
  const text = readFileSync(join(ROOT, folder, 'package.json'), 'utf8')
  const { name, exports } = JSON.parse(text) as { name: string; exports: Record<string, unknown> }
  return Object.keys(exports).map((path) => name + path.slice(1))
})
const CODE = PATHS.filter((path) => !NO_CODE.test(path))

/** Says of each path which names it exports. */
const LOAD = {
  import: `for (const path of process.argv.slice(2)) console.log(path, Object.keys(await import(path))
    .filter((name) => name !== 'default' && name !== 'module.exports').sort().join())`,
  require: `for (const path of process.argv.slice(2)) console.log(path, Object.keys(require(path)).sort().join())`,
}

/** Says of each path to which file it leads, and that the file can be loaded. */
const RESOLVE = {
  import: `for (const path of process.argv.slice(2)) { await import(path); console.log(import.meta.resolve(path).split('/dist/')[1]) }`,
  require: `for (const path of process.argv.slice(2)) { require(path); console.log(require.resolve(path).split('/dist/')[1]) }`,
}

let project: PackedProject
beforeAll(async () => {
  const files = {
    'load-import.mjs': LOAD.import,
    'load-require.cjs': LOAD.require,
    'resolve-import.mjs': RESOLVE.import,
    'resolve-require.cjs': RESOLVE.require,
  }
  project = await createPackedProject('test/packages/imports', { files })
})
afterAll(() => project?.remove())

const fileOf = (kind: 'import' | 'require') => `${kind}.${kind === 'import' ? 'mjs' : 'cjs'}`

describe('every import path', () => {
  it('is known to these tests', () => {
    expect(CODE.length).toBeGreaterThan(15)
    expect(PATHS.filter((path) => NO_CODE.test(path)).sort()).toEqual([
      '@millrace/node/package.json',
      '@millrace/web/integrity.json',
      '@millrace/web/millrace.js',
      '@millrace/web/package.json',
      '@millrace/web/stub.js',
    ])
  })

  it('loads by import and by require, with the same names, on the pinned Node', () =>
    expectLoads(dirname(PINNED_NODE)))

  it('does so on the Node of the system, where there is one from 20 up', async ({ skip }) => {
    const found = await findSystemNode()
    if (found === undefined || found.major < 20) {
      return skip('there is no Node 20 or newer on the path')
    }
    await expectLoads(found.folder)
  })

  async function expectLoads(nodeFolder: string): Promise<void> {
    const load = async (kind: 'import' | 'require') =>
      (await project.run('node', [`load-${fileOf(kind)}`, ...CODE], { nodeFolder })).stdout.trim().split('\n')
    const imported = await load('import')
    expect(imported).toHaveLength(CODE.length)
    for (const line of imported) expect(line).toMatch(/^@millrace\/\S+ [a-z]\w+/i)
    expect(await load('require')).toEqual(imported)
  }

  it('that holds data or a script is found', async () => {
    const paths = PATHS.filter((path) => NO_CODE.test(path))
    const code = `for (const path of process.argv.slice(1)) require('node:fs').accessSync(require.resolve(path))
      console.log(require('@millrace/web/package.json').version, Object.keys(require('@millrace/web/integrity.json')).length)`
    const { stdout } = await project.run('node', ['-e', code, ...paths])
    expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+ 10$/)
  })
})

describe('under a condition', () => {
  it.each([
    ['workerd', 'edge'],
    ['edge-light', 'edge'],
    ['browser', 'edge'],
    ['none', 'index'],
  ])('%s @millrace/node is the build named %s', async (condition, build) => {
    const args = condition === 'none' ? [] : [`--conditions=${condition}`]
    for (const [kind, extension] of [
      ['import', 'js'],
      ['require', 'cjs'],
    ] as const) {
      const { stdout } = await project.run('node', [...args, `resolve-${fileOf(kind)}`, '@millrace/node'])
      expect(stdout.trim()).toBe(`${build}.${extension}`)
    }
  })

  it.each(['workerd', 'edge-light', 'browser'])('%s every other path loads as well', async (condition) => {
    for (const kind of ['import', 'require'] as const) {
      await project.run('node', [`--conditions=${condition}`, `resolve-${fileOf(kind)}`, ...CODE])
    }
  })
})

describe('a program with every entry', () => {
  /** Declarations are checked too, with no types but their own. */
  const STRICT = {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: [],
    lib: ['es2022', 'dom', 'dom.iterable'],
  }

  it.each([
    ['typescript', 'node16', 'node16', 'mts'],
    ['typescript', 'node16', 'node16', 'cts'],
    ['typescript', 'nodenext', 'nodenext', 'mts'],
    ['typescript', 'esnext', 'bundler', 'ts'],
    ['typescript-5', 'node16', 'node16', 'mts'],
    ['typescript-5', 'node16', 'node16', 'cts'],
    ['typescript-5', 'esnext', 'bundler', 'ts'],
    ['typescript-5', 'commonjs', 'node10', 'ts'],
  ])(
    'compiles with %s, module %s, moduleResolution %s, as .%s',
    async (compiler, module, moduleResolution, extension) => {
      const folder = [compiler, module, moduleResolution, extension].join('-')
      for (const name of ['web', 'node']) {
        await project.write(`${folder}/${name}.${extension}`, await project.read(`uses/${name}.ts`))
      }
      const compilerOptions = { ...STRICT, module, moduleResolution, target: 'es2022' }
      await project.write(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, include: ['.'] }))
      await project.run('node', [`node_modules/${compiler}/bin/tsc`, '-p', folder])
    },
  )
})
