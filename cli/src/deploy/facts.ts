/** What is known before anything is done: read by `read-facts.ts`, judged by `decide.ts`. Holds no value of a secret. */

import type { PlannedStatement } from '@millrace/schemas/migrations'
import type { Finding } from '../doctor/finding.ts'
import type { WranglerConfig } from '../doctor/wrangler-config.ts'
import type { CheckReport } from '../plan/check.ts'

/** Whether something is at Cloudflare. `unknown`: nobody could be asked. */
export type Presence = 'there' | 'missing' | 'unknown'

/** A queue or bucket that the Worker is bound to. */
export interface Place {
  kind: 'queue' | 'bucket'
  name: string
  /** Of a bucket, where `wrangler.toml` names one. */
  jurisdiction?: string | undefined
  presence: Presence
}

/** A secret that the configuration or `wrangler.toml` names. */
export interface WantedSecret {
  name: string
  /** Where it is named, for example `sources[0].secretKeyVar`. */
  path: string
  /** Whether any random text will do: the keys of sources. */
  canMake: boolean
}

/** How the tables are. */
export type WarehouseFacts =
  | { state: 'skipped' | 'unknown' }
  | { state: 'known'; statements: readonly PlannedStatement[] }

/** How the plan compares with the one that is deployed. */
export type PlanFacts =
  /** None was kept yet, or nobody could be asked. */
  | { state: 'first' | 'unknown' }
  /** It is there, and is none that this release reads. */
  | { state: 'unreadable'; why: string }
  | { state: 'same' | 'changed'; report: CheckReport }

/** Everything. */
export interface DeployFacts {
  /** Name of the Worker as it is deployed. */
  worker: { name: string; presence: Presence }
  /** Account that wrangler is logged in to, where it is. */
  account: string | undefined
  findings: readonly Finding[]
  /** In the order in which they are made: a queue needs its dead-letter queue. */
  places: readonly Place[]
  warehouse: WarehouseFacts
  /** The ClickHouse that is asked from this machine, and whether its address was typed. */
  asked: { url: string; database: string; isTyped: boolean }
  /** What stands outside of all environments, where one of them is deployed. */
  production: WranglerConfig | undefined
  secrets: {
    wanted: readonly WantedSecret[]
    /** Names of those that the Worker has; `undefined` where nobody could be asked. */
    set: ReadonlySet<string> | undefined
    /** Names of those whose values are on this machine. */
    here: ReadonlySet<string>
  }
  plan: PlanFacts
  /** Size of the Worker as wrangler would send it; `undefined` where it could not be bundled. */
  bundle: { rawBytes: number; gzipBytes: number } | undefined
}

/** What was chosen. */
export interface DeployChoice {
  config: string
  wrangler: string
  /** An `[env.*]` of `wrangler.toml`; `undefined`: what stands outside of all. */
  environment: string | undefined
  isDryRun: boolean
  /** Says yes to every question. */
  isYes: boolean
  /** Whether somebody can be asked. */
  hasTerminal: boolean
  skipsMigrations: boolean
  allowsBreaking: boolean
  /** Address of the front door, where it is typed. */
  url: string | undefined
  /** Leaves the event out that proves it. */
  skipsProof: boolean
}
