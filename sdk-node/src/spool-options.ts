/** The options of the spool, checked and completed. */

import type { FsyncPolicy, NodeOptions } from './client-options.ts'
import { kindOf } from './describe.ts'
import { integer, refuseUnknown } from './options.ts'

/** Least bytes on disk: room is freed a segment at a time, and a segment is an eighth of it. */
const MIN_BYTES = 8 * 1024 * 1024

const POLICIES: readonly FsyncPolicy[] = ['always', 'interval', 'never']

const NAMES = ['directory', 'fsync', 'fsyncIntervalMs', 'maxBytes'] satisfies (keyof SpoolSettings)[]

/** Options of a spool with nothing left open. */
export interface SpoolSettings {
  directory: string
  fsync: FsyncPolicy
  fsyncIntervalMs: number
  maxBytes: number
}

/**
 * The settings of the spool; nothing when there is to be none.
 *
 * @throws TypeError or RangeError with the option, the rule and the value
 */
export function resolveSpool(options: NodeOptions): SpoolSettings | undefined {
  const given: unknown = options?.spool
  if (given === undefined) return undefined
  if (typeof given === 'object' && given !== null && !Array.isArray(given))
    refuseUnknown('spool.', given, NAMES)
  const { directory, fsync, fsyncIntervalMs, maxBytes } =
    typeof given === 'string' ? { directory: given } : fieldsOf(given)
  if (typeof directory !== 'string' || directory === '') {
    throw new TypeError(`spool.directory must be the path of a folder, got ${kindOf(directory)}`)
  }
  return {
    directory,
    fsync: resolvePolicy(fsync ?? 'interval'),
    fsyncIntervalMs: integer('spool.fsyncIntervalMs', fsyncIntervalMs ?? 1_000, 1),
    maxBytes: integer('spool.maxBytes', maxBytes ?? 256 * 1024 * 1024, MIN_BYTES),
  }
}

function fieldsOf(given: unknown): Partial<Record<keyof SpoolSettings, unknown>> {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given
  throw new TypeError(`spool must be the path of a folder or an object, got ${kindOf(given)}`)
}

function resolvePolicy(given: unknown): FsyncPolicy {
  if (POLICIES.includes(given as FsyncPolicy)) return given as FsyncPolicy
  const got = typeof given === 'string' ? JSON.stringify(given) : kindOf(given)
  throw new TypeError(`spool.fsync must be one of ${POLICIES.join(', ')}, got ${got}`)
}
