/** Says what was written, and what to do next. Pure. */

import { isAbsolute, join, relative, resolve } from 'node:path'
import { NO_CLICKHOUSE_URL } from '../no-clickhouse-url.ts'
import { printable } from '../printable.ts'
import { readField, SCRIPTS } from './package-json.ts'
import { type Project, STAGING } from './project.ts'
import { CONFIG_FILE, WRANGLER_FILE } from './project-files.ts'
import { writeScriptTag } from './text-files.ts'

/** What became of a file. */
export interface FileOutcome {
  name: string
  outcome: 'created' | 'added to' | 'unchanged' | 'overwritten' | 'kept' | 'beside' | 'left'
  /** Name of the file beside it. */
  beside?: string
}

/** All that is told. */
export interface InitReport {
  project: Project
  /** Folder as it was typed, and where the command was run. */
  folder: string
  workingFolder: string
  files: readonly FileOutcome[]
  /** `package.json` as it is now. */
  packageJson: string
  /** Way from the project to the clone that it is made from; `undefined`: npm has the packages. */
  clone?: string | undefined
}

/** The report as text. */
export function formatReport(report: InitReport): string {
  const { folder, files } = report
  const width = Math.max(...files.map(({ outcome }) => outcome.length))
  const lines = files.map((file) => `  ${file.outcome.padEnd(width)}  ${describe(file)}`)
  const notes = listNotes(report).map((note) => `\n${note}\n`)
  return `${printable(folder)}:
${lines.join('\n')}
${notes.join('')}
Next:
${listCommands(report).join('\n')}
${describeTag(report)}`
}

/** Key and address are known only where the files that hold them are of this run. */
function describeTag(report: InitReport): string {
  if (isKept(report, CONFIG_FILE) || isKept(report, WRANGLER_FILE)) return ''
  return `\nIn your pages, when it is deployed:\n  ${writeScriptTag(report.project)}\n`
}

function isKept({ files }: InitReport, wanted: string): boolean {
  return files.some(({ name, outcome }) => name === wanted && (outcome === 'kept' || outcome === 'beside'))
}

function describe({ name, outcome, beside }: FileOutcome): string {
  if (outcome === 'kept') return `${name} (it differs from what would be written; --force overwrites it)`
  if (outcome === 'left') return `${name} (no plain file of text: secrets for this machine are not written)`
  if (outcome === 'beside') return `${name} (kept; the new one is ${beside ?? ''})`
  if (outcome === 'added to') return `${name} (what it lacked; nothing of it was changed)`
  return name
}

function listNotes(report: InitReport): string[] {
  const notes: string[] = []
  if (readField(report.packageJson, 'type') !== 'module')
    notes.push(
      'package.json does not say "type": "module", which millrace.config.ts and plan.ts need: add it, or give Millrace a folder\nof its own.',
    )
  const zod = findZod(report.packageJson)
  const { zodVersion } = report.project
  if (zod !== undefined && zod !== zodVersion)
    notes.push(
      `package.json has zod ${printable(zod)}, and Millrace is made with ${zodVersion}. With two of them the plan's schemas may be strangers to\nit: \`npm install --save-exact zod@${zodVersion}\`, or give Millrace a folder of its own.`,
    )
  if (report.project.clickhouse === null && !isKept(report, WRANGLER_FILE))
    notes.push(
      `Before you deploy, write the address of your ClickHouse over ${NO_CLICKHOUSE_URL} in ${WRANGLER_FILE}.`,
    )
  return notes
}

/** The zod that `package.json` asks for, in whichever list. */
function findZod(packageJson: string): string | undefined {
  const lists = ['dependencies', 'devDependencies', 'optionalDependencies']
  const found = lists.map((list) => {
    const entries = readField(packageJson, list)
    return typeof entries === 'object' && entries !== null ? Reflect.get(entries, 'zod') : undefined
  })
  return found.find((version) => typeof version === 'string')
}

function listCommands({ folder, workingFolder, packageJson, project, clone }: InitReport): string[] {
  const scripts = readField(packageJson, 'scripts')
  const run = (name: keyof typeof SCRIPTS, flags = '') => {
    const isOurs =
      typeof scripts === 'object' && scripts !== null && Reflect.get(scripts, name) === SCRIPTS[name]
    // npm takes options for its own unless `--` stands before them.
    return isOurs
      ? `npm run ${name}${flags && ` -- ${flags}`}`
      : `npx ${SCRIPTS[name]}${flags && ` ${flags}`}`
  }
  const way = relative(workingFolder, resolve(workingFolder, folder))
  const commands = [
    ...(way === '' ? [] : [[`cd ${quoteForShell(isAbsolute(folder) ? folder : way)}`, '']]),
    [clone === undefined ? 'npm install' : installFrom(clone), ''],
    [run('dev'), 'everything on this machine; needs no account'],
    ...(project.staging ? [[run('deploy', `--env ${STAGING}`), 'to Cloudflare, beside production']] : []),
    [run('deploy'), `to Cloudflare${project.staging ? ', production' : ''}`],
  ]
  const explained = commands.filter(([, what]) => what !== '')
  const width = Math.max(...explained.map(([command = '']) => command.length))
  return commands.map(([command = '', what = '']) => `  ${command.padEnd(width)}  ${what}`.trimEnd())
}

/** The packages with what they need, as npm would bring them; the manifest alone names releases that npm may not have. */
function installFrom(clone: string): string {
  const folders = ['cli', 'sdk-node'].map((name) => {
    const path = join(clone, name)
    // What begins with a name is a repository of GitHub to npm.
    return quoteForShell(isAbsolute(path) || path.startsWith('..') ? path : `./${path}`)
  })
  return `npm install --install-links ${folders.join(' ')}`
}

function quoteForShell(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${printable(path).replaceAll("'", `'\\''`)}'`
}
