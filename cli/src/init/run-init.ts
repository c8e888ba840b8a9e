/** Makes a project: reads what is there, asks what is not known, decides for each file, and writes them all at once. */

import { realpath } from 'node:fs/promises'
import { basename, join, relative, resolve } from 'node:path'
import { UsageError } from '../command-world.ts'
import { createSecret as createRandomSecret } from '../random-secret.ts'
import { type Answers, checkApart, fitName } from './answers.ts'
import type { Choice } from './decide.ts'
import {
  type FileSystem,
  type FoundFile,
  InitFailure,
  openProjectFolder,
  type ProjectFolder,
} from './folder.ts'
import type { Project } from './project.ts'
import { CONFIG_FILE, DEV_VARS_FILE, listProjectFiles, PROJECT_FILE_NAMES } from './project-files.ts'
import { askMissing, defaultAnswers, type Given, Interrupted, type Prompts } from './questions.ts'
import type { FileOutcome, InitReport } from './report.ts'
import { type Chooser, settleFiles } from './settle-files.ts'
import { createWriteKey, findWriteKey } from './write-key.ts'

/** What was asked for. */
export interface InitOptions {
  /** As it was typed. */
  folder: string
  source: string
  given: Given
  /** Takes what is suggested for all that is not given. */
  isYes: boolean
  /** Overwrites files that differ. */
  isForced: boolean
}

/** The world that it happens in. */
export interface InitEffects {
  /** Somebody to ask; `undefined`: there is nobody. */
  prompts: Prompts | undefined
  /** Releases of Millrace and of the zod that it has. */
  versions: { millrace: string; zod: string }
  /** Path and version of the Node that runs this. */
  node: { path: string; version: string }
  /** Where the command was run. */
  workingFolder: string
  /** Clone of the repository that this runs in; `undefined`: it is the package. */
  clone?: string | undefined
  signal?: AbortSignal | undefined
  createKey?: () => string
  createSecret?: () => string
  fileSystem?: FileSystem
}

/** What is told, and whether all is as it was asked for: a file that was kept unasked is not. */
export interface InitResult {
  report: InitReport
  isWhole: boolean
}

/**
 * Makes it. The folder is as it was when this rejects.
 *
 * @throws UsageError for flags that are missing or do not fit each other; InitFailure; Interrupted
 */
export async function runInit(options: InitOptions, effects: InitEffects): Promise<InitResult> {
  const { workingFolder, fileSystem } = effects
  const folder = openProjectFolder(resolve(workingFolder, options.folder), fileSystem)
  const { found, left } = await readFound(folder)
  const answers = await settleAnswers(options, effects)
  const knownKey = findWriteKey(found.get(CONFIG_FILE)?.text ?? '')
  const project = createProject(answers, { options, effects, knownKey })
  const files = listProjectFiles(project).filter(({ name }) => !left.includes(name))
  const choose = chooserOf(options, effects, folder)
  const { settled, packageJson } = await settleFiles(files, { folder, found, choose })
  await folder.write(
    settled.flatMap(({ write }) => write ?? []),
    () => {
      if (effects.signal?.aborted === true) throw new Interrupted('interrupted')
    },
  )
  const report: InitReport = {
    project,
    folder: options.folder,
    workingFolder,
    files: [
      ...settled.map(({ outcome }) => outcome),
      ...left.map((name): FileOutcome => ({ name, outcome: 'left' })),
    ],
    packageJson,
    // npm takes a way for one from where the project really lies, whatever links lead there.
    clone: effects.clone && relative(await realpath(folder.path), await realpath(effects.clone)),
  }
  return { report, isWhole: choose.isAsked || report.files.every(({ outcome }) => outcome !== 'kept') }
}

/** The files that are there, and the names of those that are no plain text and may stay as they are. */
async function readFound(
  folder: ProjectFolder,
): Promise<{ found: Map<string, FoundFile>; left: readonly string[] }> {
  const found = new Map<string, FoundFile>()
  const left: string[] = []
  for (const name of PROJECT_FILE_NAMES) {
    const file = await folder.read(name).catch((error: unknown) => {
      // Often a link to one that several projects share.
      if (name !== DEV_VARS_FILE || !(error instanceof InitFailure)) throw error
      left.push(name)
      return undefined
    })
    if (file !== undefined) found.set(name, file)
  }
  return { found, left }
}

async function settleAnswers(
  { folder, given, isYes }: InitOptions,
  { prompts, workingFolder }: InitEffects,
): Promise<Answers> {
  const defaults = defaultAnswers(fitName(basename(resolve(workingFolder, folder))))
  const missing = listMissing(given)
  if (!isYes && prompts === undefined && missing.length > 0)
    throw new UsageError(
      `nobody can be asked here: give ${missing.join(', ')}; or --yes, which takes what is suggested for these`,
    )
  const { clickhouseUser, ...answered } = given
  const { clickhouse = null } = answered
  if (clickhouseUser !== undefined && clickhouse === null && (isYes || answered.clickhouse === null))
    throw new UsageError('--clickhouse-user needs --clickhouse-url')
  const problem = checkApart(given.domain ?? null, given.sites ?? [])
  if (problem !== undefined) throw new UsageError(`--domain ${problem}`)
  if (isYes || prompts === undefined || missing.length === 0) return { ...defaults, ...answered }
  prompts.say('Enter takes what is suggested. Ctrl-C writes nothing.')
  return askMissing(given, defaults, prompts)
}

function listMissing(given: Given): string[] {
  const flags: Record<keyof Answers, string> = {
    name: '--name',
    sites: '--site or --no-site',
    domain: '--domain or --no-domain',
    clickhouse: '--clickhouse-url or --no-clickhouse-url',
    staging: '--staging or --no-staging',
  }
  const fields = Object.entries(flags) as [keyof Answers, string][]
  return fields.filter(([field]) => given[field] === undefined).map(([, flag]) => flag)
}

function createProject(
  answers: Answers,
  {
    options,
    effects,
    knownKey,
  }: { options: InitOptions; effects: InitEffects; knownKey: string | undefined },
): Project {
  const { versions, node, createKey = () => createWriteKey(), createSecret = createRandomSecret } = effects
  return {
    ...answers,
    source: options.source,
    writeKey: knownKey ?? createKey(),
    devSecrets: { secretKey: createSecret(), readToken: createSecret() },
    version: versions.millrace,
    zodVersion: versions.zod,
    nodeVersion: isPackagedNode(node.path) ? node.version : undefined,
  }
}

/** Whether it is the binary of the npm package `node`: then the machine's own is too old, or there is none. */
function isPackagedNode(path: string): boolean {
  return /[\\/]node_modules[\\/]node[\\/]bin[\\/]node(\.exe)?$/.test(path)
}

function chooserOf(
  { isForced, isYes }: InitOptions,
  { prompts }: InitEffects,
  { path }: ProjectFolder,
): Chooser {
  const isAsked = prompts !== undefined && !isYes && !isForced
  const choose = async (name: string): Promise<Choice> => {
    if (isForced) return 'overwrite'
    return isAsked ? prompts.choose(`${join(path, name)} is there and differs:`) : 'keep'
  }
  return Object.assign(choose, { isAsked })
}
