/** Writes every block of TypeScript and JavaScript as a module of its own, with what the compiler has to know of them. */

import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ROOT } from '../../scripts/setup.mjs'
import { type Block, placeOf } from './blocks.ts'
import { GIVENS } from './givens.ts'
import { RUNTIMES } from './runtimes.ts'

/** A block written as a module. */
export interface Module {
  block: Block
  /** Absolute path. */
  path: string
  /** Whether it exports a configuration by default, which can be loaded. */
  isConfig: boolean
}

/** File names by language. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  ts: 'ts',
  typescript: 'ts',
  tsx: 'tsx',
  js: 'js',
  javascript: 'js',
  mjs: 'mjs',
  jsx: 'jsx',
}

/** Whether this checks blocks of the language. */
export function isCode({ language, isSignature }: Block): boolean {
  return language in EXTENSIONS && !isSignature
}

/** `dist/` of the repository, where packages resolve as they do for a user. */
export function projectPath(name: string): string {
  return join(ROOT, 'dist/docs', name)
}

/** Writes the blocks as modules into a folder, which is emptied before, and gives them. */
export async function writeModules(blocks: readonly Block[], folder: string): Promise<Module[]> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await writeFile(join(folder, 'runtimes.d.ts'), RUNTIMES)
  await writeFile(
    join(folder, 'tsconfig.json'),
    tsconfig({ include: ['runtimes.d.ts', '**/*.ts', '**/*.tsx'] }),
  )
  // JavaScript has nowhere to write the type of a parameter.
  const loose = { noImplicitAny: false, noImplicitReturns: false, allowJs: true, checkJs: true }
  const include = ['runtimes.d.ts', '**/*.js', '**/*.mjs', '**/*.jsx']
  await writeFile(join(folder, 'tsconfig.js.json'), tsconfig({ include, more: loose }))
  const modules = blocks.map((block) => ({
    block,
    path: join(folder, pathOf(block)),
    isConfig: isConfig(block),
  }))
  for (const { block, path } of modules) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, textOf(block))
  }
  return modules
}

/** A page is a folder, so that its blocks may import each other. */
function pathOf(block: Block): string {
  const page = block.file.replace(/\.md$/, '').replaceAll('/', '_')
  const { file = `src/block-${block.line}.${EXTENSIONS[block.language]}` } = block.marks
  return join(page, file)
}

/** One line before the code, whether there is something to say or not, so that lines can be found again. */
function textOf(block: Block): string {
  const { given } = block.marks
  const surroundings = given === undefined ? { before: '' } : GIVENS[given]
  if (surroundings === undefined)
    throw new Error(`${placeOf(block)}: there is no "${given}" in test/docs/givens.ts`)
  const { before, after = '' } = surroundings
  return `${before}\n${withOwnFiles(block)}${after}\nexport {}\n`
}

/** What a README of a folder imports from `./src` is of that folder. */
function withOwnFiles({ file, code }: Block): string {
  return code.replaceAll("from './src/", `from '${join(ROOT, dirname(file), 'src')}/`)
}

function isConfig({ code, marks }: Block): boolean {
  const given = marks.given === undefined ? undefined : GIVENS[marks.given]
  return given?.isConfig === true || /^export default defineConfig\(/m.test(code)
}

function tsconfig({ include, more = {} }: { include: string[]; more?: Record<string, boolean> }): string {
  const types = join(ROOT, 'cli/dist/types/config.d.ts')
  const config = existsSync(types) ? types : join(ROOT, 'schemas/src/config.ts')
  return JSON.stringify({
    extends: join(ROOT, 'tsconfig.base.json'),
    compilerOptions: {
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules/@types')],
      lib: ['es2024', 'dom', 'dom.iterable'],
      jsx: 'react-jsx',
      // An example need not use all that it names.
      noUnusedLocals: false,
      noUnusedParameters: false,
      // Ours, and hardly anybody's else.
      noPropertyAccessFromIndexSignature: false,
      paths: {
        'millrace/config': [config],
        'https://events.example.com/millrace/*.js': [join(ROOT, 'sdk-web/dist/*.d.ts')],
      },
      ...more,
    },
    include,
    exclude: ['node_modules'],
  })
}
