/** Loads a configuration file as a module, and finds the sources and their tracking plans in it. */

import { stat } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import type { MillraceConfig, ReplayTransform } from '@millrace/schemas/config'
import type { TrackingPlan } from '@millrace/schemas/plan'
import { UsageError } from './command-world.ts'

/** The configuration that is read when none is given, in the folder where the command is run. */
export const DEFAULT_CONFIG = 'millrace.config.ts'

/** Name of the settings of the source that only development has. */
const DEVELOPMENT = 'development'

/** The plans of a configuration; keys are names of sources, and `development`. A source without a plan is absent. */
export type SourcePlans = ReadonlyMap<string, TrackingPlan>

/**
 * Imports a configuration and gives its plans. Node strips the types of TypeScript files.
 *
 * @param path absolute path of the file
 * @param label what the user knows it as, for messages
 * @throws UsageError when there is no such file, when it fails, or when it exports no configuration
 */
export async function loadPlans(path: string, label: string): Promise<SourcePlans> {
  const config = await loadConfig(path, label)
  const named = config.sources.map(({ name, plan }): [string, TrackingPlan | undefined] => [name, plan])
  const all = [...named, [DEVELOPMENT, config.development?.plan] as const]
  return new Map(all.filter((entry): entry is [string, TrackingPlan] => entry[1] !== undefined))
}

/**
 * Names of the sources of a configuration, in its order, without the development source.
 *
 * @throws as {@link loadPlans} does
 */
export async function loadSourceNames(path: string, label: string): Promise<string[]> {
  const { sources } = await loadConfig(path, label)
  return sources.map(({ name }) => name)
}

/**
 * The configuration whole, as `defineConfig` has checked it.
 *
 * @throws as {@link loadPlans} does
 */
export async function loadConfig(path: string, label: string): Promise<MillraceConfig> {
  if (!(await isFile(path))) throw new UsageError(`there is no file ${label}`)
  const { default: config } = await importModule(path, label)
  if (isConfig(config)) return config
  throw new UsageError(
    `${label} must export its configuration by default: export default defineConfig({ ... })`,
  )
}

/**
 * The function `transform` that a configuration exports beside itself.
 *
 * @throws UsageError when it exports none
 */
export async function loadTransform(path: string, label: string): Promise<ReplayTransform> {
  const { transform } = await importModule(path, label)
  if (typeof transform === 'function') return transform as ReplayTransform
  throw new UsageError(
    `${label} must export the function: export const transform = (event, { source }) => event`,
  )
}

/** Whether there is a file of that name. */
export async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined) // not there, or not to be looked at
  return found?.isFile() === true
}

async function importModule(
  path: string,
  label: string,
): Promise<{ default?: unknown; transform?: unknown }> {
  try {
    return await import(pathToFileURL(path).href)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`cannot load ${label}: ${message}`, { cause })
  }
}

/** `defineConfig` has checked the rest. */
function isConfig(config: unknown): config is MillraceConfig {
  return typeof config === 'object' && config !== null && 'sources' in config && Array.isArray(config.sources)
}
