/** The commands `millrace plan check` and `millrace plan export`: what can be typed, and what it means. */

import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { type CommandWorld, UsageError } from '../command-world.ts'
import { EXIT_INTERRUPTED } from '../exit-codes.ts'
import { DEFAULT_CONFIG, isFile, loadPlans, type SourcePlans } from '../load-config.ts'
import { checkPlans, exitCodeOf } from './check.ts'
import { buildFiles, buildText, type ExportFormat, writeFiles } from './export-files.ts'
import { findCommit, placeInTree, projectOf, withTree } from './git-tree.ts'
import { formatCheck } from './report.ts'

/** Digits of a commit's id that people read. */
const SHORT_ID_LENGTH = 9

/** Options of `plan check`, as commander gives them. */
interface CheckFlags {
  against: string
  config: string
  allowBreaking?: boolean
  json?: boolean
}

/** Options of `plan export`, as commander gives them. */
interface ExportFlags {
  config: string
  source?: string
  format: ExportFormat
  out?: string
}

/** Adds the commands to the program. */
export function registerPlan(program: Command, world: CommandWorld): void {
  const plan = program.command('plan').description('look after the tracking plan')
  plan
    .command('check')
    .description('refuse a change of the plan that events of an older version would break')
    .requiredOption('--against <ref or file>', 'older version: a file, or a commit, branch or tag of git')
    .option('--config <file>', 'configuration with the plan', DEFAULT_CONFIG)
    .option('--allow-breaking', 'take a change that breaks older events, if REVISION or MODEL rises')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', '\nExit codes: 0 compatible, 1 refused, 2 wrong usage, 3 undecided')
    .action((flags: CheckFlags) => check(flags, world))
  plan
    .command('export')
    .description('write the plan as JSON Schema and as a data dictionary in Markdown')
    .option('--config <file>', 'configuration with the plan', DEFAULT_CONFIG)
    .option('--source <name>', 'source whose plan is written (default: all with --out, else the only one)')
    .addOption(
      new Option('--format <format>', 'what is written')
        .choices(['json', 'markdown', 'both'])
        .default('both'),
    )
    .option('--out <folder>', 'folder to write to (default: standard output, for one format)')
    .action((flags: ExportFlags) => exportPlans(flags, world))
}

async function check(flags: CheckFlags, { stdout, signal, done }: CommandWorld): Promise<void> {
  const config = resolve(flags.config)
  const after = await loadPlans(config, flags.config)
  const older = await loadOlder(config, flags).catch((error: unknown) => {
    // An interruption reaches git too, which then fails.
    if (signal?.aborted !== true) throw error
  })
  if (older === undefined || signal?.aborted === true) {
    done(EXIT_INTERRUPTED)
    return
  }
  const allowBreaking = flags.allowBreaking === true
  const report = checkPlans(older.plans, after, { against: older.label, allowBreaking })
  stdout.write(flags.json === true ? `${JSON.stringify(report, null, 2)}\n` : formatCheck(report))
  done(exitCodeOf(report))
}

/** The plans of the older version, and what to call it. A file of that name goes before a branch. */
async function loadOlder(
  config: string,
  { against, config: name }: CheckFlags,
): Promise<{ plans: SourcePlans; label: string }> {
  if (against === '') throw new UsageError('--against is empty: give a file, or a commit, branch or tag')
  const file = resolve(against)
  if (await isFile(file)) return { plans: await loadPlans(file, against), label: against }
  const project = projectOf(config)
  const commit = await findCommit(project, against)
  const plans = await withTree(project, commit, async (folder) => {
    const older = placeInTree(project, config, folder)
    if (await isFile(older)) return await loadPlans(older, `${name} of ${against}`)
    throw new UsageError(`${against} has no ${name}: there is nothing to compare with`)
  })
  const id = commit.id.slice(0, SHORT_ID_LENGTH)
  return { plans, label: commit.id.startsWith(against) ? id : `${against} (${id})` }
}

async function exportPlans(flags: ExportFlags, { stdout, done }: CommandWorld): Promise<void> {
  const { config, source, format, out } = flags
  if (out === undefined && format === 'both')
    throw new UsageError('two formats need a folder: give --out, or --format json or markdown')
  const chosen = choosePlans(await loadPlans(resolve(config), config), flags)
  if (out === undefined) {
    const [first, ...others] = chosen
    if (first === undefined || others.length > 0 || format === 'both')
      throw new UsageError(`--source is needed, one of ${chosen.map(([name]) => name).join(', ')}`)
    stdout.write(buildText(first[0], first[1], format))
  } else {
    const files = chosen.flatMap(([name, plan]) => buildFiles(name, plan, format))
    await writeFiles(resolve(out), files)
    const plural = files.length === 1 ? 'file' : 'files'
    stdout.write(
      `${files.length} ${plural} written to ${out}${source === undefined ? '' : ` for ${source}`}\n`,
    )
  }
  done(0)
}

function choosePlans(plans: SourcePlans, { config, source }: ExportFlags) {
  const names = [...plans.keys()]
  if (names.length === 0) throw new UsageError(`${config} has no tracking plan`)
  if (source === undefined) return [...plans]
  const plan = plans.get(source)
  if (plan === undefined)
    throw new UsageError(`${config} has no plan for a source ${source}; it has plans for ${names.join(', ')}`)
  return [[source, plan] as const]
}
