/** Who may send: finds the source of a key. Where the keys come from is decided once, when the Worker starts. */

import type { MillraceConfig, SourceSettings } from '@millrace/schemas'

/** A source with its secrets filled in. */
export interface Source {
  name: string
  writeKeys: readonly string[]
  secretKey?: string
  readToken?: string
  /** Default: none, so the default of each. */
  settings?: SourceSettings
}

/** Answer of {@link Sources.find}: `isSecret` says that the caller proved to hold the secret key. */
export interface KeyMatch {
  source: Source
  isSecret: boolean
}

/** Looks keys up. */
export interface Sources {
  /** The source that a key belongs to, or `undefined`. */
  find: (key: string) => KeyMatch | undefined
  /** The source whose read token it is, or `undefined`. */
  findReader: (token: string) => Source | undefined
}

/** The published development source; it exists only when `MILLRACE_ENV` is `development`. Source: DESIGN section 7. */
export const DEVELOPMENT_SOURCE: Source = {
  name: 'dev',
  writeKeys: ['dev'],
  secretKey: 'dev-secret',
  readToken: 'dev-read',
}

/**
 * Sources of the configuration with their secrets from the Worker's environment. A secret that is named but not set
 * leaves the source without import or reading; it is not a reason to refuse its events.
 */
export function resolveSources(config: MillraceConfig, env: Record<string, unknown>): Source[] {
  const sources = config.sources.map((source): Source => {
    const { name, writeKeys, secretKeyVar, readTokenVar, ...settings } = source
    const secretKey = readSecret(env, secretKeyVar)
    const readToken = readSecret(env, readTokenVar)
    return {
      name,
      writeKeys,
      ...(secretKey === undefined ? {} : { secretKey }),
      ...(readToken === undefined ? {} : { readToken }),
      settings,
    }
  })
  if (env['MILLRACE_ENV'] === 'development') {
    sources.push({ ...DEVELOPMENT_SOURCE, settings: { rateLimits: false, ...config.development } })
  }
  return sources
}

/**
 * Write keys are public and looked up by a map; secret keys and read tokens are compared in constant time, all of them
 * every time.
 */
export function createSources(sources: readonly Source[]): Sources {
  const byWriteKey = new Map(
    sources.flatMap((source) => source.writeKeys.map((key) => [key, source] as const)),
  )
  return {
    find(key) {
      const source = byWriteKey.get(key)
      if (source !== undefined) return { source, isSecret: false }
      let match: KeyMatch | undefined
      for (const candidate of sources) {
        if (candidate.secretKey !== undefined && isEqualInConstantTime(key, candidate.secretKey)) {
          match = { source: candidate, isSecret: true }
        }
      }
      return match
    },
    findReader(token) {
      let reader: Source | undefined
      for (const candidate of sources) {
        if (candidate.readToken !== undefined && isEqualInConstantTime(token, candidate.readToken))
          reader = candidate
      }
      return reader
    },
  }
}

/** A secret of the Worker's environment; an empty one counts as not set. */
export function readSecret(env: Record<string, unknown>, name: string | undefined): string | undefined {
  const value = name === undefined ? undefined : env[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Time depends on the length of `given` alone, never on where the two differ. */
export function isEqualInConstantTime(given: string, secret: string): boolean {
  let difference = given.length ^ secret.length
  for (let i = 0; i < given.length; i++)
    difference |= given.charCodeAt(i) ^ secret.charCodeAt(i % secret.length)
  return difference === 0
}
