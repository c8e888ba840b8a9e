/** What SDKs ask for before they send, answered so that nothing is switched on beyond their defaults. */

import { buildRudderSourceConfig, buildSegmentSettings } from '../../../collector/src/routes/settings.ts'
import type { FoundEvent } from './find-events.ts'

/** An answer that every server's client takes for success; each looks for one of these. */
export const COLLECT_ANSWER = { success: true, status: 1, error: null, code: 200 }

/** PostHog's: no feature that would load a further script. */
const POSTHOG_CONFIG = {
  supportedCompression: ['gzip', 'gzip-js'],
  hasFeatureFlags: false,
  featureFlags: {},
  featureFlagPayloads: {},
  flags: {},
  errorsWhileComputingFlags: false,
  sessionRecording: false,
  surveys: false,
  heatmaps: false,
  capturePerformance: false,
  captureDeadClicks: false,
  autocaptureExceptions: false,
  siteApps: [],
  toolbarParams: {},
  isAuthenticated: false,
}

/** Whether a request asks rather than tells; PostHog asks by POST. */
export function isSettingsRequest(method: string, path: string, events: readonly FoundEvent[]): boolean {
  return events.length === 0 && (method === 'GET' || /^\/(flags|decide|array|config)\b/.test(path))
}

/** The answer for a path, for any SDK of the comparison, with its content type; a script is an empty one. */
export function answerSettings(path: string, origin: string): { type: string; body: string } {
  const isScript = path.split('?')[0]?.endsWith('.js')
  if (isScript) return { type: 'text/javascript', body: '' }
  return { type: 'application/json', body: JSON.stringify(chooseSettings(path, origin)) }
}

function chooseSettings(path: string, origin: string): object {
  const where = { writeKey: 'dev', origin }
  if (path.startsWith('/v1/projects/')) return buildSegmentSettings(where)
  if (path.includes('sourceConfig')) return buildRudderSourceConfig({ ...where, sourceName: 'dev' })
  if (/^\/(flags|decide|array)\b/.test(path)) return POSTHOG_CONFIG
  // Amplitude's remote configuration, and whatever else: nothing to say.
  return { configs: {} }
}
