/** Checks `wrangler.toml`, all of its environments, and the entry that it names. */

import { dirname, relative, resolve } from 'node:path'
import { checkBindings } from './check-bindings.ts'
import type { DoctorEffects } from './effects.ts'
import { type Finding, findingsOf } from './finding.ts'
import { REQUIRED_HANDLERS, REQUIRED_OBJECT } from './required-bindings.ts'
import { NoWrangler, type WranglerConfig } from './wrangler-config.ts'

const { ok, warning, problem, unknown } = findingsOf('wrangler.toml')

/** Which file, and which of its environments. */
export interface WranglerChoice {
  wrangler: string
  /** Default: all of them, beginning with what stands outside. */
  environment: string | undefined
  /** Where none is named, looks at what stands outside alone. Default false. */
  isAlone?: boolean
}

/** The configuration of the chosen environment, and what was found in all that were looked at. */
export interface WranglerChecked {
  config: WranglerConfig | undefined
  findings: Finding[]
}

/** Checks it. */
export async function checkWrangler(
  { wrangler: file, environment, isAlone = false }: WranglerChoice,
  effects: Pick<DoctorEffects, 'readWrangler' | 'inspectEntry' | 'isFolder'>,
): Promise<WranglerChecked> {
  const read = await readAll(file, environment, isAlone, effects)
  if (!Array.isArray(read)) return { config: undefined, findings: [read] }
  const [chosen] = read
  const findings = read.flatMap(({ name, config }) => checkBindings(config, { file, environment: name }))
  const built = await checkBuilt(chosen?.config, file, effects)
  return {
    config: chosen?.config,
    findings: [...findings, ...built, ...(await checkEntry(chosen?.config, file, effects))],
  }
}

type Read = { name: string | undefined; config: WranglerConfig }

async function readAll(
  file: string,
  environment: string | undefined,
  isAlone: boolean,
  { readWrangler }: Pick<DoctorEffects, 'readWrangler'>,
): Promise<Read[] | Finding> {
  try {
    const outside = await readWrangler(file, undefined)
    const defined = outside.definedEnvironments ?? []
    if (environment !== undefined && !defined.includes(environment)) {
      const says = `there is no environment ${environment}; it has ${defined.join(', ') || 'none'}`
      return problem(file, says, `name one of them with --env, or add [env.${environment}] to ${file}`)
    }
    const others = isAlone ? [] : defined
    const names = environment === undefined ? others : [environment]
    const named = await Promise.all(
      names.map(async (name) => ({ name, config: await readWrangler(file, name) })),
    )
    return environment === undefined ? [{ name: undefined, config: outside }, ...named] : named
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    if (error instanceof NoWrangler)
      return unknown(file, why, 'install what the project needs: `npm install`')
    return problem(file, why, `correct ${file} where it says so; --wrangler names another file`)
  }
}

/** Files that a deployment takes along have to be there first; like wrangler, from the folder of its file. */
async function checkBuilt(
  config: WranglerConfig | undefined,
  file: string,
  { isFolder }: Pick<DoctorEffects, 'isFolder'>,
): Promise<Finding[]> {
  const { directory } = config?.assets ?? {}
  if (directory === undefined) return []
  const folder = dirname(resolve(file))
  if (await isFolder(resolve(folder, directory))) return []
  const says = `there is no folder ${directory} to deploy`
  if (!/(^|[\\/])node_modules[\\/]/.test(directory))
    return [warning('built files', says, 'build it: `npm run build`')]
  const above = await findAbove(directory, dirname(folder), isFolder)
  if (above === undefined)
    return [warning('built files', says, 'install what the project needs: `npm install`')]
  // Workspaces have their packages in the folder of all.
  const way = relative(folder, above).replaceAll('\\', '/')
  const mend = `the package is installed further up: write directory = "${way}" under [assets] into ${file}`
  return [warning('built files', says, mend)]
}

async function findAbove(
  directory: string,
  folder: string,
  isFolder: DoctorEffects['isFolder'],
): Promise<string | undefined> {
  const candidate = resolve(folder, directory)
  if (await isFolder(candidate)) return candidate
  const parent = dirname(folder)
  return parent === folder ? undefined : findAbove(directory, parent, isFolder)
}

async function checkEntry(
  config: WranglerConfig | undefined,
  file: string,
  { inspectEntry }: Pick<DoctorEffects, 'inspectEntry'>,
): Promise<Finding[]> {
  if (config === undefined) return []
  const { main } = config
  if (main === undefined)
    return [
      problem(
        'entry',
        'no main is named',
        `write main = "worker.ts" into ${file}, then \`npx wrangler deploy\``,
      ),
    ]
  const shown = relative(process.cwd(), main) || main
  try {
    return judgeEntry(shown, await inspectEntry(main))
  } catch (error) {
    const why = firstLine(error instanceof Error ? error.message : String(error))
    return [
      unknown(
        'entry',
        `${shown} cannot be bundled or loaded here: ${why}`,
        'see whether `npx wrangler deploy --dry-run` succeeds',
      ),
    ]
  }
}

function judgeEntry(
  shown: string,
  { handlers, exports }: { handlers: readonly string[]; exports: readonly string[] },
): Finding[] {
  const mend = (name: string) =>
    `export it from ${shown} as the worker.ts of the release does, then \`npx wrangler deploy\``.replace(
      'it',
      name,
    )
  const missing = Object.entries(REQUIRED_HANDLERS)
    .filter(([name]) => !handlers.includes(name))
    .map(([name, effect]) => problem('entry', `${shown} does not export ${name}: ${effect}`, mend(name)))
  const { className } = REQUIRED_OBJECT
  if (!exports.includes(className)) {
    const says = `${shown} does not export ${className}, so it cannot be deployed`
    missing.push(problem('entry', says, mend(className)))
  }
  const names = [...Object.keys(REQUIRED_HANDLERS), className]
  return missing.length > 0 ? missing : [ok('entry', `${shown} exports ${names.join(', ')}`)]
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? ''
}
