/** An answered project: the names that are made of it, and the keys and versions that it is written with. Pure. */

import type { Answers } from './answers.ts'

/** All that the files are written from. */
export interface Project extends Answers {
  /** Name of the first source. */
  source: string
  /** Its public key. */
  writeKey: string
  /** Its secrets on the machine where it is developed; no deployment has them. */
  devSecrets: { secretKey: string; readToken: string }
  /** Release of Millrace that writes it. */
  version: string
  /** Version of zod that the release has. */
  zodVersion: string
  /** Version of the npm package `node` that runs this; `undefined` where Node is installed otherwise. */
  nodeVersion: string | undefined
}

/** Names of one environment at Cloudflare, and of its database. */
export interface EnvironmentNames {
  worker: string
  queues: Readonly<Record<'events' | 'retry' | 'dead', string>>
  bucket: string
  database: string
  /** Ids of the rate limits' counters. */
  limits: Readonly<Record<'source' | 'client' | 'query', string>>
}

/** Name of the environment beside production. */
export const STAGING = 'staging'

/** The names of production, or of staging. */
export function namesOf(name: string, environment: 'production' | typeof STAGING): EnvironmentNames {
  const isStaging = environment === STAGING
  const worker = isStaging ? `${name}-${STAGING}` : name
  const counters = counterBase(name)
  const [source, client, query] = isStaging ? [4, 5, 6] : [1, 2, 3]
  return {
    worker,
    queues: { events: `${worker}-events`, retry: `${worker}-retry`, dead: `${worker}-dead` },
    bucket: `${worker}-lake`,
    database: isStaging ? `millrace_${STAGING}` : 'millrace',
    limits: { source: `${counters}${source}`, client: `${counters}${client}`, query: `${counters}${query}` },
  }
}

/** Names of the Worker's secrets for a source. */
export function secretsOf(source: string): { secretKey: string; readToken: string } {
  const stem = source.toUpperCase().replaceAll('-', '_')
  return { secretKey: `${stem}_SECRET_KEY`, readToken: `${stem}_READ_TOKEN` }
}

/**
 * Counters of one id are shared by all Workers of an account, so each project has ids of its own: six digits of the hash
 * (FNV-1a, 32 bits) of its name, which are the same whenever it is written again.
 */
function counterBase(name: string): number {
  let hash = 0x811c9dc5
  for (const letter of name) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0
  return 100_000 + (hash % 900_000)
}
