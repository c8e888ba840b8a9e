/** What every step of a deployment works on, and how it ends. */

import type { DeployPlan } from './decide.ts'
import type { DeployEffects, DeployOptions } from './effects.ts'
import type { Prepared } from './read-facts.ts'

/** What a deployment has come to so far. */
export interface DeployState {
  /** Values of secrets that were typed or made, by name; they go up beside those that were known. */
  given: Map<string, string>
  /** Names of those that were made, and have to be told. */
  made: string[]
  /** Keys of what may be lost, which was said yes to. */
  allowedLosses: Set<string>
  /** Whether a Worker was sent, or may have been. */
  isSent: boolean
  versionId: string | undefined
  /** The best first. */
  addresses: readonly string[]
  /** The one that answered, which an event is sent to. */
  door: string | undefined
}

/** A step's world. */
export interface StepContext {
  prepared: Prepared
  plan: DeployPlan
  options: DeployOptions
  effects: DeployEffects
  state: DeployState
  /** Prints a line under the step. */
  say: (line: string) => void
}

/** Does it, and says in a few words what was done. Does nothing that is done already. */
export type Step = (context: StepContext) => Promise<string>

/** A step failed; the message says why, `mend` what to do. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure'
  readonly mend: string
  /** What comes after it is done all the same: the Worker is deployed by then. */
  readonly isLate: boolean

  constructor(message: string, mend: string, { isLate = false }: { isLate?: boolean } = {}) {
    super(message)
    this.mend = mend
    this.isLate = isLate
  }
}
