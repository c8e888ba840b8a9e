/** Makes the tarballs that the registry would get, one for each published workspace, by `npm pack`. */

import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from './setup.mjs'

/** Folders of the workspaces that are published, by package name. */
export const PUBLISHED_FOLDERS: Readonly<Record<string, string>> = {
  '@millrace/web': 'sdk-web',
  '@millrace/node': 'sdk-node',
  millrace: 'cli',
  'create-millrace': 'create-millrace',
}

/** A tarball, and what is in it. */
export interface PackedPackage {
  name: string
  version: string
  /** Absolute path of the tarball. */
  tarball: string
  /** Paths within the package, `package.json` among them. */
  files: string[]
  /** Bytes of the tarball, and of the files in it. */
  packedBytes: number
  unpackedBytes: number
}

/** What `npm pack --json` says of a package, as far as it matters here. */
interface PackAnswer {
  name: string
  version: string
  filename: string
  size: number
  unpackedSize: number
  files: { path: string }[]
}

const run = promisify(execFile)

/**
 * Packs the package in a folder as it lies there: nothing is built.
 *
 * @param folder absolute path of the package
 * @param destination folder for the tarball, made when it is missing; one of the same name is overwritten
 * @throws Error when npm fails
 */
export async function packFolder(folder: string, destination: string): Promise<PackedPackage> {
  await mkdir(destination, { recursive: true })
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination]
  const { stdout } = await run('npm', args, { cwd: folder, maxBuffer: 16 * 1024 * 1024 })
  // One package in a list or, of later versions of npm, by its name.
  const [answer] = Object.values(JSON.parse(stdout) as Record<string, PackAnswer>)
  if (answer === undefined) throw new Error(`npm pack said nothing of ${folder}`)
  return {
    name: answer.name,
    version: answer.version,
    tarball: join(destination, answer.filename),
    files: answer.files.map(({ path }) => path),
    packedBytes: answer.size,
    unpackedBytes: answer.unpackedSize,
  }
}

/**
 * Packs a published package of this repository.
 *
 * @throws Error when no package of that name is published
 */
export function packPublished(name: string, destination: string): Promise<PackedPackage> {
  const folder = PUBLISHED_FOLDERS[name]
  if (folder === undefined) throw new Error(`there is no published package ${name}`)
  return packFolder(join(ROOT, folder), destination)
}
