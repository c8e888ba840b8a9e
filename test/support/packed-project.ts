/**
 * A user's project with the published packages installed from their tarballs: a copy of a folder outside of this repository, so
 * that it finds nothing but what it has installed.
 *
 * ```ts
 * const project = await createPackedProject('examples/express')      // a package.json and files; `npm install` is done
 * afterAll(() => project.remove())                                    // stops what was started, and removes the copy
 * await project.run('npm', ['run', 'build'])                          // throws with the output when it fails
 * const server = project.start('npm', ['start'], { env: { PORT: String(port), MILLRACE_URL: stack.worker.url } })
 * await server.waitForPort(port)                                      // or: server.waitForLine(/listening on (\d+)/)
 * await server.stop()
 * ```
 *
 * In its package.json `@millrace/web`, `@millrace/node`, `millrace` and `create-millrace` become the tarballs of what
 * `node scripts/build.ts` has built (`test/support/packed-tarballs.ts`); every other dependency comes from the registry, as far
 * as npm has not kept it. Commands run on the pinned Node without the tools of this repository on their path
 * (`projectEnvironment` in `test/support/packed-command.ts`); `npx` finds the project's own.
 */

import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { ROOT } from '../../scripts/setup.mjs'
import {
  type ProjectEnd,
  type ProjectProcess,
  projectEnvironment,
  runProjectCommand,
  startProjectCommand,
} from './packed-command.ts'
import { type Manifest, withTarballs } from './packed-tarballs.ts'

/** What is not copied: what an installation or a build would leave in the folder. */
const LEFT_OUT = new Set(['node_modules', 'package-lock.json', 'dist', '.next', '.wrangler', '.millrace'])

/** Longest time of an installation that has to fetch everything. */
const INSTALL_TIMEOUT_MS = 200_000

/** Longest time of a command, and of a wait for one that runs, unless it is told another. */
const COMMAND_TIMEOUT_MS = 120_000

/** Options of a command in a project. */
export interface CommandOptions {
  env?: Record<string, string>
  /** Default two minutes. */
  timeoutMs?: number
  /** Folder within the project; default its root. */
  folder?: string
  /** Folder of the Node to run on; default: the pinned one. */
  nodeFolder?: string
}

/** Options of {@link createPackedProject}. */
export interface PackedProjectOptions {
  /** Files to write over those that were copied, before the installation, by path. */
  files?: Record<string, string>
  /** Default true. */
  install?: boolean
}

/** An installed project. */
export interface PackedProject {
  /** Absolute path of the copy. */
  folder: string
  /** Runs a command to its end, and gives what it printed. @throws Error with the output when it fails or takes too long */
  run: (command: string, args?: readonly string[], options?: CommandOptions) => Promise<ProjectEnd>
  /** The same, but a code other than 0 is an answer like any other. */
  runToEnd: (command: string, args?: readonly string[], options?: CommandOptions) => Promise<ProjectEnd>
  /** Starts a command that is to go on. */
  start: (command: string, args?: readonly string[], options?: CommandOptions) => ProjectProcess
  /** Writes a file of the project, with the folders above it. */
  write: (path: string, text: string) => Promise<void>
  read: (path: string) => Promise<string>
  /** Stops all that was started, the last one first, and removes the folder. */
  remove: () => Promise<void>
}

/**
 * Copies and installs a project.
 *
 * @param source folder with a package.json, absolute or from the root of the repository
 * @throws Error with npm's output when the installation fails; the copy is gone then
 */
export async function createPackedProject(
  source: string,
  { files = {}, install = true }: PackedProjectOptions = {},
): Promise<PackedProject> {
  const from = resolve(ROOT, source)
  // A folder of a name of its own, as tools take the project's name from it.
  const parent = await realpath(await mkdtemp(join(tmpdir(), 'millrace-project-')))
  const project = openProject(join(parent, basename(from)), parent)
  try {
    refuseNeighbours(parent)
    await cp(from, project.folder, { recursive: true, filter: (path) => path === from || isCopied(path) })
    for (const [path, text] of Object.entries(files)) await project.write(path, text)
    const manifest = JSON.parse(await project.read('package.json')) as Manifest
    await project.write(
      'package.json',
      `${JSON.stringify(await withTarballs(manifest, join(parent, 'tarballs')), null, 2)}\n`,
    )
    if (install) {
      const args = ['install', '--prefer-offline', '--no-audit', '--no-fund']
      await project.run('npm', args, { timeoutMs: INSTALL_TIMEOUT_MS })
    }
    return project
  } catch (error) {
    await project.remove()
    throw error
  }
}

function isCopied(path: string): boolean {
  return !LEFT_OUT.has(basename(path))
}

/** Node looks for packages in every folder above. */
function refuseNeighbours(folder: string): void {
  for (let above = folder; ; above = dirname(above)) {
    const found = join(above, 'node_modules')
    if (existsSync(found)) throw new Error(`the project would find packages in ${found}`)
    if (above === dirname(above)) return
  }
}

function openProject(folder: string, parent: string): PackedProject {
  const started: ProjectProcess[] = []
  const describe = (command: string, args: readonly string[], options: CommandOptions) => ({
    command,
    args,
    cwd: resolve(folder, options.folder ?? '.'),
    env: { ...projectEnvironment(options.nodeFolder), ...options.env },
    timeoutMs: options.timeoutMs ?? COMMAND_TIMEOUT_MS,
  })
  const project: PackedProject = {
    folder,
    async run(command, args = [], options = {}) {
      const end = await project.runToEnd(command, args, options)
      if (end.code === 0) return end
      throw new Error(`${[command, ...args].join(' ')} ended with ${end.code}:\n${end.output}`)
    },
    runToEnd: (command, args = [], options = {}) => runProjectCommand(describe(command, args, options)),
    start(command, args = [], options = {}) {
      const running = startProjectCommand(describe(command, args, options))
      started.push(running)
      return running
    },
    async write(path, text) {
      const file = join(folder, path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, text)
    },
    read: (path) => readFile(join(folder, path), 'utf8'),
    async remove() {
      for (const running of started.reverse()) await running.stop()
      await rm(parent, { recursive: true, force: true, maxRetries: 3 })
    },
  }
  return project
}
