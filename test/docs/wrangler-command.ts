/** Compares `wrangler` command lines with the commands and options of the wrangler that is installed. */

import { experimental_getWranglerCommands } from 'wrangler'

/** What we read of wrangler's own table; it has more. */
interface Node {
  definition?: {
    type?: string
    args?: Record<string, { alias?: string | readonly string[]; type?: string; choices?: readonly unknown[] }>
    positionalArgs?: readonly string[]
  }
  subtree: Map<string, Node>
}

/** Of yargs; they are in nobody's table. */
const EVERYWHERE = ['help', 'h', 'version', 'v', 'c', 'e', 'config', 'env', 'cwd']

/** What is wrong with the arguments; `undefined` where nothing is. */
export function checkWrangler(args: readonly string[]): string | undefined {
  const { registry, globalFlags } = experimental_getWranglerCommands()
  let node = registry as unknown as Node
  let depth = 0
  for (
    let next = node.subtree.get(args[0] ?? '');
    next !== undefined;
    next = node.subtree.get(args[depth] ?? '')
  ) {
    node = next
    depth++
  }
  const { args: options = {}, positionalArgs = [], type } = node.definition ?? {}
  if (depth === 0 || type !== 'command')
    return `wrangler has no such command (it goes as far as "${args.slice(0, depth).join(' ')}")`
  const flags = new Set([
    ...EVERYWHERE,
    ...Object.keys(globalFlags),
    ...Object.keys(options).flatMap((name) => [name, ...aliasesOf(options[name])]),
  ])
  const wrong = args.slice(depth).find((arg) => arg.startsWith('-') && !isFlag(arg, flags))
  if (wrong !== undefined) return `there is no option ${wrong}`
  const values = countValues(args.slice(depth), options)
  return values > positionalArgs.length ? `takes ${positionalArgs.length} values, got ${values}` : undefined
}

function aliasesOf(option: { alias?: string | readonly string[] } | undefined): readonly string[] {
  return [option?.alias ?? []].flat()
}

function isFlag(arg: string, flags: ReadonlySet<string>): boolean {
  const name = arg.replace(/^-+/, '').replace(/=.*$/, '')
  return flags.has(name) || flags.has(name.replace(/^no-/, ''))
}

/** Values that belong to no option. */
function countValues(args: readonly string[], options: Record<string, { type?: string }>): number {
  const takesValue = (arg = '') =>
    arg.startsWith('--') && !arg.includes('=') && options[arg.slice(2)]?.type !== 'boolean'
  return args.filter((arg, index) => !arg.startsWith('-') && !takesValue(args[index - 1])).length
}
