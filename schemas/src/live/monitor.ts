/** Monitors: their definitions, and what those who watch are told of them. */

export type * from './monitor-definition.ts'

/** How a monitor is. */
export interface MonitorStatus {
  name: string
  kind: string
  title: string
  /** `unknown`: it could not be asked yet, or lately. */
  state: 'ok' | 'firing' | 'unknown'
  /** Since when it is in that state. */
  since: number
  /** What it found, in one sentence for a person. */
  message: string
  /** Whom or what it concerns, at most 100: users, events, groups; empty where it is about all. */
  keys: string[]
  /** How many more it concerns. */
  more?: number
  /** Webhooks that could not be told and were given up, until one of its notifications arrives there again. */
  undelivered?: { webhook: string; at: number; count: number; error: string }[]
}
