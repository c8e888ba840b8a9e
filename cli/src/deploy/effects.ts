/** What a deployment needs of the world, and where it gets it from by default. */

import { dirname, resolve } from 'node:path'
import { type CommandWorld, collectorFetch } from '../command-world.ts'
import { createDoctorEffects, type DoctorEffects } from '../doctor/effects.ts'
import { askOnTerminal } from '../init/terminal.ts'
import { createSecret } from '../random-secret.ts'
import { confirm, isTerminal } from '../replay/confirm.ts'
import { type RunWrangler, runWrangler } from '../wrangler/run.ts'
import type { DeployChoice } from './facts.ts'
import { type WithTemporaryFolder, withTemporaryFolder } from './temporary-folder.ts'
import { createOpenWarehouse, type OpenWarehouse } from './warehouse.ts'

/** The world as a deployment sees it. */
export interface DeployEffects
  extends Pick<
    DoctorEffects,
    | 'fetch'
    | 'now'
    | 'sleep'
    | 'randomHex'
    | 'loadConfig'
    | 'readWrangler'
    | 'inspectEntry'
    | 'isFolder'
    | 'readText'
  > {
  runWrangler: RunWrangler
  openWarehouse: OpenWarehouse
  withFolder: WithTemporaryFolder
  /** A key that nobody guesses. */
  makeSecret: () => string
  /** Asks for a value that is not shown; empty: none was given. Only where there is a terminal. @throws Interrupted */
  askSecret: (question: string) => Promise<string>
  /** Asks whether to go on. Only where there is a terminal. */
  confirm: (question: string) => Promise<boolean>
}

/** Options of a deployment beside what was chosen. */
export interface DeployOptions extends DeployChoice {
  clickhouseUrl: string | undefined
  user: string | undefined
  password: string | undefined
  database: string | undefined
  secretsFile: string | undefined
  env: Readonly<Record<string, string | undefined>>
  signal: AbortSignal
}

/** Those of this machine. */
export function createDeployEffects(world: CommandWorld): DeployEffects {
  const fetch = collectorFetch(world)
  const { runWrangler: _, ...doctor } = createDoctorEffects(fetch)
  return {
    ...doctor,
    runWrangler,
    openWarehouse: createOpenWarehouse(fetch),
    withFolder: withTemporaryFolder,
    makeSecret: createSecret,
    askSecret: (question) => askHidden(world, question),
    confirm: (question) => confirm(world, question),
  }
}

/** Whether somebody can be asked. */
export { isTerminal }

async function askHidden(world: CommandWorld, message: string): Promise<string> {
  // Loaded here: few commands need it.
  const { password } = await import('@inquirer/prompts')
  return askOnTerminal(world, (context) => password({ message, mask: '*' }, context))
}

/** Runs wrangler in the folder of its file. */
export function runIn(
  { wrangler, signal }: Pick<DeployOptions, 'wrangler' | 'signal'>,
  { runWrangler: run }: Pick<DeployEffects, 'runWrangler'>,
): (args: readonly string[], more?: Partial<Parameters<RunWrangler>[1]>) => ReturnType<RunWrangler> {
  return (args, more) => run(args, { cwd: dirname(resolve(wrangler)), signal, ...more })
}
