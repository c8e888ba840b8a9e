/** Finds folders whose process is gone and claims them, now and again. Leaves to others what is done with them. */

import { join } from 'node:path'
import { type Claim, type ClaimContext, claimFolder, isOwned, SILENCE_MS } from './claim.ts'
import { attempt } from './file-system.ts'
import {
  isDestinationFolder,
  ownersIn,
  segmentsIn,
  strayJournalsIn,
  streamOf,
  TEMPORARY_PREFIX,
} from './layout.ts'

export interface RecoveryOptions {
  context: ClaimContext
  /** Folder of the spool, and in it the name of this client's destination. */
  directory: string
  destination: string
  /** Whether this client uses the folder of this name already. */
  isKnown: (name: string) => boolean
  onClaimed: (claim: Claim, stream: string) => void
  /** Events for another key or endpoint that nobody looks after; called once. */
  onForeign: (path: string) => void
}

export interface Recovery {
  /** Looks once. Never throws: what cannot be looked at now is looked at the next time. */
  scan(): void
}

export function createRecovery(options: RecoveryOptions): Recovery {
  const { context, directory, destination, isKnown, onClaimed, onForeign } = options
  const { fs } = context
  const parent = join(directory, destination)
  let isForeignTold = false

  function scan(): void {
    for (const name of list(parent)) {
      if (name.startsWith(TEMPORARY_PREFIX)) removeOld(join(parent, name))
      else if (!isKnown(name)) attempt(() => adopt(name))
    }
    if (!isForeignTold) findForeign()
  }

  function list(path: string): string[] {
    return attempt(() => fs.readdirSync(path)) ?? []
  }

  function adopt(name: string): void {
    const stream = streamOf(name)
    const path = join(parent, name)
    if (stream === undefined) return
    const names = list(path)
    const worth = [...ownersIn(names), ...segmentsIn(names), ...strayJournalsIn(names)]
    // Nothing in it, or only what a person must look at.
    if (worth.length === 0) {
      attempt(() => fs.rmdirSync(path))
      return
    }
    const claim = claimFolder(context, path)
    if (claim !== undefined) onClaimed(claim, stream)
  }

  /** What was being made or deleted when its process died. Nothing in it is anybody's event. */
  function removeOld(path: string): void {
    const modifiedAt = attempt(() => fs.statSync(path).mtimeMs)
    if (modifiedAt === undefined || context.now() - modifiedAt < SILENCE_MS) return
    attempt(() => fs.rmSync(path, { recursive: true, force: true }))
  }

  function findForeign(): void {
    const others = list(directory).filter((name) => isDestinationFolder(name) && name !== destination)
    for (const path of others.flatMap((other) => streamPaths(join(directory, other)))) {
      if (!isAbandoned(path)) continue
      isForeignTold = true
      onForeign(path)
      return
    }
  }

  function streamPaths(path: string): string[] {
    const streams = list(path).filter((name) => streamOf(name) !== undefined)
    return streams.map((name) => join(path, name))
  }

  function isAbandoned(path: string): boolean {
    const names = list(path)
    if (segmentsIn(names).length === 0) return false
    const owner = ownersIn(names).at(-1)
    return owner === undefined || !isOwned(context, path, owner)
  }

  return { scan }
}
