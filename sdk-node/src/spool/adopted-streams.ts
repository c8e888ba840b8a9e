/** All folders of dead processes that this client claimed. */

import { basename } from 'node:path'
import type { BatchLimits } from '../outbox.ts'
import { type AdoptedStream, type AdoptedStreamOptions, createAdoptedStream } from './adopted-stream.ts'
import type { Claim } from './claim.ts'
import { oncePerTurn } from './once-per-turn.ts'
import type { TakenFrom } from './own-stream.ts'

export interface AdoptedStreams {
  /** Opens a folder that was claimed; lets go of it again when it cannot be listed. */
  adopt(claim: Claim, stream: string): void
  /** Whether the folder of this name is among them. */
  has(name: string): boolean
  hasMore(): boolean
  take(limits: BatchLimits): { taken: TakenFrom; from: AdoptedStream } | undefined
  /** Writes what is in memory. */
  write(): void
  /** Gives signs of life; forgets folders that are another's now. */
  beat(): void
  /** Leaves what is left to others. */
  close(): void
}

export interface AdoptedStreamsOptions extends Omit<AdoptedStreamOptions, 'claim' | 'stream' | 'deferWrite'> {
  defer: (callback: () => void) => void
  /** There is something to take that was not there before. */
  onWork: () => void
}

export function createAdoptedStreams({ defer, onWork, ...options }: AdoptedStreamsOptions): AdoptedStreams {
  let streams: AdoptedStream[] = []
  const deferWrite = oncePerTurn(defer, () => void write())

  function write(): void {
    for (const stream of streams) stream.write()
  }

  function forgetFinished(): void {
    streams = streams.filter((stream) => !stream.isFinished())
  }

  return {
    adopt(claim, stream) {
      try {
        streams.push(createAdoptedStream({ ...options, claim, stream, deferWrite }))
      } catch {
        // Whoever looks next may have more luck, this client included.
        claim.release()
      }
      forgetFinished()
      if (streams.length > 0) onWork()
    },
    has: (name) => streams.some(({ claim }) => basename(claim.path) === name),
    hasMore: () => streams.some((stream) => stream.hasMore()),
    take(limits) {
      for (const from of streams) {
        const taken = from.take(limits)
        if (taken !== undefined) return { taken, from }
      }
      forgetFinished()
      return undefined
    },
    write,
    beat() {
      forgetFinished()
      for (const stream of streams) if (stream.claim.beat() !== 'held') stream.forget()
      forgetFinished()
    },
    close() {
      forgetFinished()
      for (const stream of streams.splice(0)) {
        stream.forget()
        stream.claim.release()
      }
    },
  }
}
