/** The commands `millrace spill list|drain`: what can be typed, and what it means. */

import type { Command } from 'commander'
import type { CommandWorld } from '../command-world.ts'
import { EXIT_FAILED } from '../exit-codes.ts'
import { type OperatorFlags, runOperator, withOperatorOptions } from '../operator-routes.ts'
import { toJson } from '../output.ts'
import { formatDrain, formatSpill } from './report.ts'
import { drainSpill, readSpill } from './spill.ts'

/** Adds the commands to the program. */
export function registerSpill(program: Command, world: CommandWorld): void {
  const { stdout, stderr, done } = world
  const spill = program
    .command('spill')
    .description('look at batches that the queue did not take, and send them to it')

  withOperatorOptions(spill.command('list'))
    .description('what waits in the bucket, of all sources, the oldest first')
    .action((flags: OperatorFlags) =>
      runOperator(world, flags, async (ask) => {
        const found = await readSpill(ask)
        stdout.write(flags.json === true ? toJson(found) : formatSpill(found, Date.now()))
      }),
    )

  withOperatorOptions(spill.command('drain'))
    .description('send it to the queue now, instead of at the next minute')
    .action((flags: OperatorFlags) =>
      runOperator(world, flags, async (ask) => {
        const report = await drainSpill(ask, (soFar) => stderr.write(formatDrain(soFar)))
        stdout.write(flags.json === true ? toJson(report) : formatDrain(report))
        if (report.left !== 0) done(EXIT_FAILED)
      }),
    )
}
