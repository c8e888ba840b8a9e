/**
 * Who owns a folder: whoever made the file `owner-<n>` with the highest n. A claim is made whole and at once (link), so of
 * those who find the owner dead exactly one makes the next. Claims are not deleted while the folder has events, only marked
 * as released: numbers never go back, and who looked long ago cannot claim a number that was taken meanwhile.
 */

import { join } from 'node:path'
import { attempt, errorCode, type FileSystem, syncFolder } from './file-system.ts'
import { FOLDER_MODE, ownerName, ownersIn, TEMPORARY_PREFIX } from './layout.ts'
import type { System } from './system.ts'

/** An owner of another host, or one whose file cannot be read, is dead after this long without a sign of life. */
export const SILENCE_MS = 60_000

/** The same where a process id may have gone to another process: start times are not to be had there. */
const UNSURE_SILENCE_MS = 10 * 60_000

const FILE_MODE = 0o600

/** Content of an owner file. */
export interface Owner {
  pid: number
  startedAt: number
  host: string
  bootId?: string | undefined
  /** Stream of the client that claims, which need not be that of the folder. */
  stream: string
  isReleased?: boolean
}

export interface ClaimContext {
  fs: FileSystem
  system: System
  /** Stream of the client. */
  stream: string
  randomId: () => string
  now: () => number
  /** Whether names are to survive a power cut. */
  syncsFolders: boolean
}

/** What a sign of life found: still ours, another's, or deleted. */
export type ClaimState = 'held' | 'lost' | 'gone'

export interface Claim {
  readonly path: string
  /** Gives a sign of life and looks whether the folder still is ours. */
  beat(): ClaimState
  /** Lets anybody claim the folder at once. */
  release(): void
  /** Deletes the folder when nothing but claims is in it; otherwise the claims. */
  removeFolder(): void
}

/** Makes a folder that is owned from its first moment. Throws when it cannot be made, or is there and not empty. */
export function createClaimedFolder(context: ClaimContext, path: string): Claim {
  const { fs, randomId } = context
  const temporary = join(path, '..', TEMPORARY_PREFIX + randomId())
  fs.mkdirSync(temporary, { recursive: true, mode: FOLDER_MODE })
  try {
    writeOwner(context, join(temporary, ownerName(1)), {})
    if (context.syncsFolders) syncFolder(fs, temporary)
    fs.renameSync(temporary, path)
  } catch (cause) {
    attempt(() => fs.rmSync(temporary, { recursive: true, force: true }))
    throw cause
  }
  if (context.syncsFolders) syncFolder(fs, join(path, '..'))
  return createClaim(context, path, 1)
}

/** Claims a folder whose owner is dead or that has none. `undefined` when it is owned, or another was faster. */
export function claimFolder(context: ClaimContext, path: string): Claim | undefined {
  const { fs } = context
  const number = ownersIn(fs.readdirSync(path)).at(-1) ?? 0
  if (number > 0 && isOwned(context, path, number)) return undefined
  if (!makeOwner(context, path, number + 1)) return undefined
  const owners = ownersIn(fs.readdirSync(path))
  if (owners.at(-1) !== number + 1) {
    attempt(() => fs.unlinkSync(join(path, ownerName(number + 1))))
    return undefined
  }
  for (const old of owners.slice(0, -1)) attempt(() => fs.unlinkSync(join(path, ownerName(old))))
  return createClaim(context, path, number + 1)
}

/** Whether the owner of a claim lives. */
export function isOwned(context: ClaimContext, path: string, number: number): boolean {
  const { fs, system } = context
  const file = join(path, ownerName(number))
  const modifiedAt = attempt(() => fs.statSync(file).mtimeMs)
  // It was there a moment ago: somebody is busy here.
  if (modifiedAt === undefined) return true
  const owner = attempt(() => parseOwner(fs.readFileSync(file, 'utf8')))
  return isOwnerAlive(owner, system, () => fileSystemNow(context, path) - modifiedAt)
}

/**
 * Whether an owner lives; `undefined` is one whose file cannot be read. `silenceMs` tells for how long it has given no sign
 * of life, and is asked only where nothing better is to be had.
 */
export function isOwnerAlive(owner: Owner | undefined, system: System, silenceMs: () => number): boolean {
  if (owner === undefined) return silenceMs() < SILENCE_MS
  if (owner.isReleased) return false
  if (owner.host !== system.host) return silenceMs() < SILENCE_MS
  if (owner.bootId !== undefined && system.bootId !== undefined && owner.bootId !== system.bootId)
    return false
  if (!system.isRunning(owner.pid, owner.startedAt)) return false
  // Of this very process: a thread of it may have ended.
  if (owner.pid === system.pid && owner.startedAt === system.startedAt) return silenceMs() < SILENCE_MS
  return owner.startedAt !== 0 || silenceMs() < UNSURE_SILENCE_MS
}

/**
 * Now by the clock that dates the files. On a network file system that is the server's, the same for all hosts; the hosts'
 * own may differ.
 */
function fileSystemNow({ fs, randomId, now }: ClaimContext, path: string): number {
  const probe = join(path, '..', TEMPORARY_PREFIX + randomId())
  try {
    fs.writeFileSync(probe, '', { mode: FILE_MODE })
    return fs.statSync(probe).mtimeMs
  } catch {
    return now()
  } finally {
    attempt(() => fs.unlinkSync(probe))
  }
}

function createClaim(context: ClaimContext, path: string, number: number): Claim {
  const { fs } = context
  const file = join(path, ownerName(number))

  function state(): ClaimState {
    // Without our file it is as good as another's: whoever looks next claims it.
    return ownersIn(fs.readdirSync(path)).at(-1) === number ? 'held' : 'lost'
  }

  return {
    path,
    beat() {
      try {
        const found = state()
        // Writing the same bytes over each other gives the time of the file system and never shows half a file.
        if (found === 'held') attempt(() => writeOwner(context, file, {}, 'r+'))
        return found
      } catch (cause) {
        // No descriptor left, or a disk in trouble, says nothing about the claim.
        return errorCode(cause) === 'ENOENT' ? 'gone' : 'held'
      }
    },
    release() {
      const temporary = join(path, TEMPORARY_PREFIX + context.randomId())
      attempt(() => {
        writeOwner(context, temporary, { isReleased: true })
        fs.renameSync(temporary, file)
      })
    },
    removeFolder() {
      attempt(() => removeFolder(context, path))
    },
  }
}

/** Deletes a folder in one moment: renamed first, so that nobody finds it half empty. */
function removeFolder({ fs, randomId }: ClaimContext, path: string): void {
  const names = fs.readdirSync(path)
  const owners = ownersIn(names).map(ownerName)
  if (owners.length < names.filter((name) => !name.startsWith(TEMPORARY_PREFIX)).length) {
    for (const name of owners) fs.unlinkSync(join(path, name))
    return
  }
  const temporary = join(path, '..', TEMPORARY_PREFIX + randomId())
  fs.renameSync(path, temporary)
  fs.rmSync(temporary, { recursive: true, force: true })
  // The folder of the destination goes with the last stream; others keep it.
  attempt(() => fs.rmdirSync(join(path, '..')))
}

/** Makes an owner file whole and at once; `false` when there is one already. Throws other trouble. */
function makeOwner(context: ClaimContext, path: string, number: number): boolean {
  const { fs } = context
  const file = join(path, ownerName(number))
  const temporary = join(path, TEMPORARY_PREFIX + context.randomId())
  writeOwner(context, temporary, {})
  try {
    fs.linkSync(temporary, file)
    if (context.syncsFolders) syncFolder(fs, path)
    return true
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST') return false
    if (errorCode(cause) === 'ENOENT') throw cause
    // A file system without links (FAT, some network ones). Others may see the file empty, and take that for alive.
    return makeExclusively(context, file)
  } finally {
    attempt(() => fs.unlinkSync(temporary))
  }
}

function makeExclusively(context: ClaimContext, file: string): boolean {
  try {
    writeOwner(context, file, {}, 'wx')
    return true
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST') return false
    throw cause
  }
}

function writeOwner(
  { fs, system, stream }: ClaimContext,
  file: string,
  mark: { isReleased?: boolean },
  flag = 'w',
): void {
  const { pid, startedAt, host, bootId } = system
  const owner: Owner = { pid, startedAt, host, bootId, stream, ...mark }
  fs.writeFileSync(file, JSON.stringify(owner), { flag, mode: FILE_MODE })
}

function parseOwner(text: string): Owner | undefined {
  const owner = JSON.parse(text) as Partial<Owner> | null
  const isWhole = Number.isSafeInteger(owner?.pid) && Number.isSafeInteger(owner?.startedAt)
  return isWhole && typeof owner?.host === 'string' ? (owner as Owner) : undefined
}
