/** The folder of this client's stream: made with the first event, gone when nothing is left in it. */

import { join } from 'node:path'
import { type Claim, type ClaimContext, type ClaimState, createClaimedFolder } from './claim.ts'
import { errorCode } from './file-system.ts'
import { streamFolder } from './layout.ts'

export interface OwnFolder {
  /** Where it is; made when it is not there. Throws what the disk says. */
  ensure(): string
  /** Name, when it is there. */
  name(): string | undefined
  beat(): ClaimState
  /** Deletes the folder; the next event makes it anew. */
  remove(): void
  /** Leaves what is in it to others. */
  release(): void
  /** It is another's now, or gone: the next event makes a new one. */
  leave(state: 'lost' | 'gone'): void
}

export function createOwnFolder(context: ClaimContext, parent: string): OwnFolder {
  let generation = 1
  let claim: Claim | undefined

  function make(): Claim {
    for (;;) {
      try {
        return createClaimedFolder(context, join(parent, streamFolder(context.stream, generation)))
      } catch (cause) {
        // Another folder of this name, with something in it: left behind by an earlier generation, or by a copied id.
        const isTaken = ['ENOTEMPTY', 'EEXIST'].includes(errorCode(cause) ?? '')
        if (!isTaken || generation > 1_000) throw cause
        generation += 1
      }
    }
  }

  return {
    ensure() {
      claim ??= make()
      return claim.path
    },
    name: () => (claim === undefined ? undefined : streamFolder(context.stream, generation)),
    beat: () => claim?.beat() ?? 'held',
    remove() {
      claim?.removeFolder()
      claim = undefined
    },
    release() {
      claim?.release()
      claim = undefined
    },
    leave(state) {
      claim = undefined
      if (state === 'lost') generation += 1
    },
  }
}
