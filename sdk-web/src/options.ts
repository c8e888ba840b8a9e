/** Checks the options of `createMillrace` and fills in defaults; what they are used for is left to others. */

import type { Consent, MillraceOptions } from './api.ts'

/** Options that were checked; every field is set. */
export type Settings = Required<Omit<MillraceOptions, 'consent'>> & { consent: Consent }

/** What is used where an option is absent; also says its kind. An empty text is none: the option must be there. */
const DEFAULTS: Settings = {
  writeKey: '',
  endpoint: '',
  // A burst costs few requests, and a batch stays far below the collector's limit.
  flushAt: 20,
  // A quarter of the second that a click may take to the dashboard, and all that a crash can cost.
  flushIntervalMs: 250,
  // Days of a busy visitor without network, and a small part of what browsers let an origin keep.
  maxOutboxBytes: 4e6,
  maxOutboxAgeMs: 6048e5,
  // As Google Analytics and Segment have it.
  sessionTimeoutMs: 18e5,
  sessionPerDay: false,
  sessionPerCampaign: false,
  autoPage: false,
  consent: {},
  ignoreGpc: false,
  cookieless: false,
}

/** Pattern of the JSON text that an option must have, and the rule in words; by name, or for all of a kind. */
const RULES: Record<string, [pattern: RegExp, words: string]> = {
  endpoint: [/^"(https?:\/)?\//, 'a path or an http(s) URL'],
  string: [/^"[^"]/, 'a non-empty string'],
  number: [/^[1-9]\d*$/, 'an integer >= 1'],
  boolean: [/^[tf]/, 'true or false'],
  object: [/^{("[^"]+":"(granted|denied|pending)",?)*}$/, 'granted, denied or pending, by purpose'],
}

/**
 * Checks options from the caller.
 *
 * @throws TypeError when a value is of the wrong kind, RangeError when it is outside its range; the message names the
 *   option, the rule and the value: `writeKey must be a non-empty string, got 42`
 */
export function parseOptions(options: MillraceOptions): Settings {
  const settings: Record<string, unknown> = { ...DEFAULTS }
  for (const [name, fallback] of Object.entries(DEFAULTS)) {
    const kind = typeof fallback
    const value = options[name as keyof Settings] ?? fallback
    const text = JSON.stringify(name === 'consent' ? toConsent(value) : value)
    const [pattern, words] = (RULES[name] ?? RULES[kind]) as [RegExp, string]
    if (!pattern.test(text)) {
      throw new (typeof value === kind ? RangeError : TypeError)(
        `${name} must be ${words}, got ${typeof value === 'number' ? value : text}`,
      )
    }
    settings[name] = JSON.parse(text)
  }
  return settings as unknown as Settings
}

/** A state alone is that of the purpose `analytics`. */
export function toConsent(value: unknown): unknown {
  return typeof value === 'string' ? { analytics: value } : value
}
