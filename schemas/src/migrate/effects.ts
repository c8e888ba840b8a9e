/** What migrations need of the world: a ClickHouse to ask, and somebody who says whether data may go. */

import type { Loss } from './loss.ts'

/** Runs one statement and gives its rows; none for a statement that gives none. Rejects when ClickHouse refuses it. */
export type RunStatement = <Row>(sql: string) => Promise<Row[]>

/** How to reach ClickHouse, and what is told of the work. */
export interface MigrationEffects {
  /** Runs a statement in the database that the migrations are for. */
  run: RunStatement
  /** Runs one in no database in particular, because that one may not exist yet. */
  runOutside: RunStatement
  /** Whether a statement may run that loses data: see {@link Loss}. Asked only where there are rows to lose. */
  confirm: (loss: Loss) => Promise<boolean>
  /** Told of each step that is done. Default: nobody is. */
  onDone?: ((step: MigrationStep) => void) | undefined
  /** Told once when another run is at work, which is waited for. Default: nobody is. */
  onWait?: (() => void) | undefined
}

/** A step that is done. */
export type MigrationStep =
  /** `name` is that of the file. */
  | { kind: 'migration'; name: string }
  /** `rules` is what holds for the table from now on, in words. */
  | { kind: 'retention'; table: string; rules: string }
