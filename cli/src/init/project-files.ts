/** Which files a new project has. Pure. */

import { mergePackageJson, writePackageJson } from './package-json.ts'
import type { Project } from './project.ts'
import { PLAN, TSCONFIG, WORKER, writeConfig } from './source-files.ts'
import {
  GITIGNORE,
  mergeDevVars,
  mergeGitignore,
  writeDevVars,
  writeDevVarsExample,
  writeReadme,
} from './text-files.ts'
import { writeWranglerToml } from './wrangler-toml.ts'

/** A file as it would be in an empty folder. */
export interface ProjectFile {
  /** Name in the project's folder. */
  name: string
  text: string
  /** Permission bits of a new one. Default: as any file. */
  mode?: number
  /** What becomes of one that is there, where it is only added to. @throws Error that says why it cannot be */
  merge?: (existing: string) => string
}

/** The file that holds the write key. */
export const CONFIG_FILE = 'millrace.config.ts'

/** The file that holds the bindings. */
export const WRANGLER_FILE = 'wrangler.toml'

/** The file that holds the scripts. */
export const PACKAGE_FILE = 'package.json'

/** The file that holds the secrets of this machine: a convenience, which is left alone where it cannot be added to. */
export const DEV_VARS_FILE = '.dev.vars'

/** Only its owner's. */
const SECRET_MODE = 0o600

/** Names of all, in the order in which they are told. */
export const PROJECT_FILE_NAMES: readonly string[] = [
  CONFIG_FILE,
  'plan.ts',
  'worker.ts',
  WRANGLER_FILE,
  '.dev.vars.example',
  DEV_VARS_FILE,
  PACKAGE_FILE,
  'tsconfig.json',
  '.gitignore',
  'README.md',
]

/** All of them, in the same order. */
export function listProjectFiles(project: Project): ProjectFile[] {
  return [
    { name: CONFIG_FILE, text: writeConfig(project) },
    { name: 'plan.ts', text: PLAN },
    { name: 'worker.ts', text: WORKER },
    { name: WRANGLER_FILE, text: writeWranglerToml(project) },
    { name: '.dev.vars.example', text: writeDevVarsExample(project) },
    {
      name: DEV_VARS_FILE,
      text: writeDevVars(project),
      mode: SECRET_MODE,
      merge: (existing) => mergeDevVars(existing, project),
    },
    {
      name: PACKAGE_FILE,
      text: writePackageJson(project),
      merge: (existing) => mergePackageJson(existing, project),
    },
    { name: 'tsconfig.json', text: TSCONFIG },
    { name: '.gitignore', text: GITIGNORE, merge: mergeGitignore },
    { name: 'README.md', text: writeReadme(project) },
  ]
}
