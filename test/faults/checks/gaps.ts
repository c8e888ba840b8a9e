/** Missing numbers of streams, held to what the client knows it lost. */

import type { ClientLedger } from '../world/world.ts'
import type { Stored } from './stored.ts'

/** Numbers below the highest stored one that are missing must be exactly those that the client lost and nobody stored. */
export function checkGaps(
  stored: Stored,
  { streams = [] }: ClientLedger,
): { false: number; problems: string[] } {
  const problems: string[] = []
  let falseGaps = 0
  for (const { stream, lost } of streams) {
    const numbers = stored.numbers(stream)
    const highest = [...numbers].reduce((most, seq) => Math.max(most, seq), 0)
    const wasLost = new Set(lost)
    const invented: number[] = []
    for (let seq = 1; seq <= highest; seq++) if (!numbers.has(seq) && !wasLost.has(seq)) invented.push(seq)
    falseGaps += invented.length
    if (invented.length > 0)
      problems.push(`stream ${stream} misses ${invented.slice(0, 5).join(' ')}, which nobody lost`)
  }
  return { false: falseGaps, problems }
}
