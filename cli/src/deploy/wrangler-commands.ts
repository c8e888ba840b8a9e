/** The commands of wrangler that a deployment runs, as arguments. Pure. */

import { resolve } from 'node:path'
import type { WranglerConfig } from '../doctor/wrangler-config.ts'
import type { DeployChoice, Place } from './facts.ts'

/** Key of the tracking plans of the last deployment in the bucket. */
export const PLAN_KEY = 'deploy/plan.json'

/** Makes the arguments of each command. */
export interface WranglerCommands {
  whoami: readonly string[]
  secretList: readonly string[]
  info: (place: Place) => readonly string[]
  create: (place: Place) => readonly string[]
  readPlan: (bucket: Place) => readonly string[]
  writePlan: (bucket: Place) => readonly string[]
  /** `secretsFile` is left out where no secret goes up. */
  deploy: (secretsFile?: string) => readonly string[]
  dryRun: readonly string[]
}

/** For one file and environment. */
export function createCommands(
  { wrangler, environment }: Pick<DeployChoice, 'wrangler' | 'environment'>,
  bindings: WranglerConfig | undefined,
): WranglerCommands {
  const hasOthers = (bindings?.definedEnvironments ?? []).length > 0
  // The empty name says that what stands outside of all is meant, which wrangler remarks on otherwise.
  const named = environment === undefined ? (hasOthers ? ['--env='] : []) : ['--env', environment]
  const where = ['--config', resolve(wrangler), ...named]
  return {
    whoami: ['whoami', '--json'],
    secretList: ['secret', 'list', '--format', 'json', ...where],
    info: (place) => [...familyOf(place), 'info', place.name, ...jurisdictionOf(place), ...where],
    create: (place) => [...familyOf(place), 'create', place.name, ...jurisdictionOf(place), ...where],
    readPlan: (bucket) => [...objectOf('get', bucket), '--pipe', ...where],
    writePlan: (bucket) => [
      ...[...objectOf('put', bucket), '--pipe', '--content-type', 'application/json'],
      ...where,
    ],
    deploy: (file) => ['deploy', ...(file === undefined ? [] : ['--secrets-file', file]), ...where],
    dryRun: ['deploy', '--dry-run', ...where],
  }
}

function familyOf({ kind }: Place): string[] {
  return kind === 'queue' ? ['queues'] : ['r2', 'bucket']
}

function jurisdictionOf({ jurisdiction }: Place): string[] {
  return jurisdiction === undefined ? [] : ['--jurisdiction', jurisdiction]
}

function objectOf(verb: 'get' | 'put', bucket: Place): string[] {
  return ['r2', 'object', verb, `${bucket.name}/${PLAN_KEY}`, '--remote', ...jurisdictionOf(bucket)]
}

/** A command as it can be typed in the project's folder. */
export function showCommand(args: readonly string[], wrangler: string): string {
  const shown = args.map((arg) => (arg === resolve(wrangler) ? wrangler : arg))
  return `npx wrangler ${shown.map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : JSON.stringify(arg))).join(' ')}`
}
