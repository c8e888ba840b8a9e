/** Checks the options of `createMillrace` and fills in defaults; what they are used for is left to others. */

import type { MillraceOptions } from './api.ts'

/** Options that were checked; every field is set. */
export type Settings = Required<MillraceOptions>

/** What an option must be, as a pattern of its text and in words. */
type Rule = [pattern: RegExp, words: string]

const INTEGER: Rule = [/^[1-9]\d*$/, 'an integer >= 1']

/** By option: what is used where it is absent, which also says its kind, and its rule; none allows the empty text. */
const OPTIONS: { [Name in keyof Settings]: [fallback: Settings[Name], ...Rule] } = {
  writeKey: ['', /./, 'a non-empty string'],
  endpoint: ['', /^(https?:\/)?\//, 'a path or an http(s) URL'],
  // A burst costs few requests, and a batch stays far below the collector's limit.
  flushAt: [20, ...INTEGER],
  // Half of the second that a click may take to the dashboard; the rest is for the network and the collector.
  flushIntervalMs: [500, ...INTEGER],
  // Several minutes of a busy page, small beside what the page itself holds.
  maxQueueEvents: [1_000, ...INTEGER],
  maxQueueBytes: [1_000_000, ...INTEGER],
}

/**
 * Checks options from the caller.
 *
 * @throws TypeError when a value is of the wrong kind, RangeError when it is outside its range; the message names the
 *   option, the rule and the value: `writeKey must be a non-empty string, got 42`
 */
export function parseOptions(options: MillraceOptions): Settings {
  const settings: Record<string, unknown> = {}
  for (const [name, [fallback, pattern, words]] of Object.entries(OPTIONS)) {
    const value: unknown = options[name as keyof Settings] ?? (fallback || undefined)
    const isKind = typeof value === typeof fallback
    if (!isKind || !pattern.test(`${value}`)) {
      throw new (isKind ? RangeError : TypeError)(`${name} must be ${words}, got ${String(value) || '""'}`)
    }
    settings[name] = value
  }
  return settings as unknown as Settings
}
