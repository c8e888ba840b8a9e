/** Compiles the modules that the blocks are written as, and says which lines of which pages are wrong. */

import { execFile } from 'node:child_process'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../../scripts/setup.mjs'
import { type Block, placeOf } from './blocks.ts'
import type { Module } from './modules.ts'

/** What is wrong with a block: the place in Markdown, and what the check says. */
export interface Finding {
  /** `docs/x.md:12`. */
  place: string
  message: string
}

/** A line that is to be refused says so. */
const REFUSED = /\/\/ +does not compile/

/** Compiles what `writeModules` wrote. */
export async function compile(modules: readonly Module[], folder: string): Promise<Finding[]> {
  const outputs = await Promise.all(
    ['tsconfig.json', 'tsconfig.js.json'].map((config) => runCompiler(join(folder, config))),
  )
  const byPath = new Map(modules.map((module) => [relative(ROOT, module.path), module.block]))
  const errors = outputs.flatMap((output) => output.split('\n')).flatMap((line) => parseError(line, byPath))
  const isRefused = ({ block, line }: CompileError) => REFUSED.test(block.code.split('\n')[line - 1] ?? '')
  const unexpected = errors.filter((error) => !isRefused(error))
  return [
    ...unexpected.map(({ block, line, message }) => ({
      place: placeOf({ ...block, line: block.line + line }),
      message,
    })),
    ...modules.flatMap(({ block }) => findAccepted(block, errors)),
  ]
}

interface CompileError {
  block: Block
  /** Of the code, from 1. */
  line: number
  message: string
}

/** Lines that say that they do not compile, and do. */
function findAccepted(block: Block, errors: readonly CompileError[]): Finding[] {
  return block.code.split('\n').flatMap((text, index) => {
    const isTold = errors.some((error) => error.block === block && error.line === index + 1)
    if (!REFUSED.test(text) || isTold) return []
    return [
      {
        place: placeOf({ ...block, line: block.line + index + 1 }),
        message: 'compiles, and says it does not',
      },
    ]
  })
}

/** The compiler's own messages that belong to no block are ours: they stop the test. */
function parseError(line: string, byPath: ReadonlyMap<string, Block>): CompileError[] {
  if (!/error TS\d+/.test(line)) return []
  const [, path = '', row = '', message = ''] = /^(.*)\((\d+),\d+\): error (.*)$/.exec(line) ?? []
  const block = byPath.get(path)
  if (block === undefined) throw new Error(`the compiler says of something that is no block: ${line}`)
  return [{ block, line: Number(row) - 1, message }]
}

async function runCompiler(config: string): Promise<string> {
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  return promisify(execFile)(tsc, ['-p', config, '--pretty', 'false'], { cwd: ROOT }).then(
    ({ stdout }) => stdout,
    ({ stdout }) => stdout,
  )
}
