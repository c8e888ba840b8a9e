/** Says whether a command line could be typed: its command, flags and values exist. Runs none of them. */

import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from '../../scripts/setup.mjs'
import { type Block, placeOf } from './blocks.ts'
import type { Finding } from './compile.ts'
import { checkMillrace } from './millrace-command.ts'
import { type Command, splitCommands } from './shell-words.ts'
import { checkWrangler } from './wrangler-command.ts'

/** What is wrong with the arguments of a program; `undefined` where nothing is. `folder` is that of the Markdown file. */
type Check = (args: readonly string[], folder: string) => string | undefined

const CHECKS: Readonly<Record<string, Check>> = {
  millrace: checkMillrace,
  wrangler: checkWrangler,
  npm: checkNpm,
  npx: (args, folder) => checkNpx(dropNpxOptions(args), folder),
  node: checkNode,
  cp: ([from = ''], folder) => (from.startsWith('node_modules/') ? checkFile(from, folder) : undefined),
  pgrep: ([, path = ''], folder) => (/\.ts$/.test(path) ? checkFile(path, folder) : undefined),
  cd: ([path = ''], folder) => (/^[\w.-]+\/[\w./-]+$/.test(path) ? checkFile(path, folder) : undefined),
}

/** Languages that are scripts of a shell. */
export function isShell({ language }: Pick<Block, 'language'>): boolean {
  return ['sh', 'bash', 'shell', 'console'].includes(language)
}

/** The script of a block; in a `console` only what stands behind the prompt is typed. */
export function scriptOf({ language, code }: Block): string {
  if (language !== 'console') return code
  const typed = (line: string) => (line.startsWith('$ ') ? line.slice(2) : '')
  return code.split('\n').map(typed).join('\n')
}

/** What is wrong with the commands of a script, as far as it is seen without running them. */
export function checkCommands(block: Block): Finding[] {
  return splitCommands(scriptOf(block)).flatMap((command) => {
    const message = checkCommand(command, dirname(block.file))
    return message === undefined
      ? []
      : [{ place: placeOf({ ...block, line: block.line + command.line }), message }]
  })
}

function checkCommand({ words: [name = '', ...args] }: Command, folder: string): string | undefined {
  const message = CHECKS[name]?.(args, folder)
  return message === undefined ? undefined : `${[name, ...args].join(' ')}: ${message}`
}

/** What stands in `node_modules/.bin`, and the few that npm fetches. */
function checkNpx([name = '', ...args]: readonly string[], folder: string): string | undefined {
  const own = CHECKS[name]
  if (own !== undefined) return own(args, folder)
  if (FETCHED.has(name) || existsSync(join(ROOT, 'node_modules/.bin', name))) return undefined
  return `there is no program ${name}`
}

/** Programs that examples fetch by npx. */
const FETCHED: ReadonlySet<string> = new Set(['serve', 'create-millrace', 'create-vite', 'create-next-app'])

/** `-y`, and packages that are fetched first: `-p node@24 -p create-millrace create-millrace my-site`. */
function dropNpxOptions(args: readonly string[]): readonly string[] {
  if (args[0] === '-y') return dropNpxOptions(args.slice(1))
  return args[0] === '-p' ? dropNpxOptions(args.slice(2)) : args
}

function checkNpm([command = '', ...rest]: readonly string[]): string | undefined {
  if (command === 'run') return checkScript(rest)
  if (command === 'test' || command === 'start') return checkScript([command, ...rest])
  if (command === 'create')
    return rest[0]?.replace(/@.*/, '') === 'millrace' ? undefined : 'npm create of what?'
  return ['install', 'i', 'ci', 'init', 'pack', 'exec', 'publish', 'view'].includes(command)
    ? undefined
    : 'no command of npm that is known here'
}

function checkScript([name = '', ...rest]: readonly string[]): string | undefined {
  const place = rest.indexOf('--workspace')
  const scripts = place === -1 ? allScripts() : readScripts(join(rest[place + 1] ?? '', 'package.json'))
  if (!(name in scripts)) return `there is no script ${name}`
  const args = rest.slice(rest.indexOf('--') + 1)
  if (!rest.includes('--')) return undefined
  if (name === 'millrace') return checkMillrace(args)
  return name === 'bench' ? checkBench(args) : undefined
}

/** Of the repository, of projects that `millrace init` makes, and of examples. */
function allScripts(): Record<string, string> {
  const examples = globSync('examples/*/package.json', { cwd: ROOT })
  return Object.assign(
    { dev: '', deploy: '', check: '', doctor: '' },
    ...['package.json', ...examples].map(readScripts),
  )
}

function readScripts(path: string): Record<string, string> {
  if (!existsSync(join(ROOT, path))) return {}
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8')).scripts ?? {}
}

/** The names of `MEASUREMENTS` in `bench/src/index.ts`, and the options that its `parseArgs` knows. */
function checkBench(args: readonly string[]): string | undefined {
  const source = readFileSync(join(ROOT, 'bench/src/index.ts'), 'utf8')
  const [, table = ''] = /const MEASUREMENTS[^=]*= \{\n([\s\S]*?)\n\}/.exec(source) ?? []
  const names = new Set([...table.matchAll(/^ {2}'?([\w-]+)'?: \{/gm)].map(([, name]) => name))
  const [, given = ''] = /options: \{\n([\s\S]*?)\n {2}\}/.exec(source) ?? []
  const options = new Set([...given.matchAll(/^ {4}'?([\w-]+)'?: \{/gm)].map(([, name]) => name))
  for (const [index, arg] of args.entries()) {
    const [, option] = /^--([\w-]+)/.exec(arg) ?? []
    if (option !== undefined && !options.has(option)) return `bench has no option --${option}`
    const isValue = args[index - 1]?.startsWith('--') === true && !args[index - 1]?.includes('=')
    if (option === undefined && !isValue && !names.has(arg)) return `bench has no measurement ${arg}`
  }
  return undefined
}

function checkNode(args: readonly string[], folder: string): string | undefined {
  const files = args.filter((arg) => /^[^-].*\.(ts|mjs|js)$/.test(arg))
  return files.map((file) => checkFile(file, folder)).find((message) => message !== undefined)
}

/** From the root, or from where the Markdown file is. */
function checkFile(path: string, folder: string): string | undefined {
  const isThere = [ROOT, join(ROOT, folder)].some((from) => existsSync(join(from, path)))
  return isThere ? undefined : `there is no ${path}`
}
