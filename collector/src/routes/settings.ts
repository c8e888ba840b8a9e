/** What stock browser and mobile SDKs fetch before they send anything: where to send to, and that there is nothing else. */

import type { JsonObject } from '@millrace/schemas'

/** Who asked, and where its events shall go. */
export interface SettingsInput {
  /** The write key as the client gave it; it is public. */
  writeKey: string
  /** Origin of the collector as the client reached it, for example `https://events.example`; no path. */
  origin: string
}

/**
 * Settings with which Segment's analytics.js boots (`GET /v1/projects/:writeKey/settings`): the one integration
 * `Segment.io`, sending to `<origin>/v1`. analytics.js reads `apiHost` without a scheme and takes https where `protocol`
 * is absent, so that is always given. Segment's mobile SDKs read the same document.
 *
 * @throws TypeError when `origin` is no URL
 */
export function buildSegmentSettings({ writeKey, origin }: SettingsInput): JsonObject {
  const { host, protocol } = new URL(origin)
  return {
    integrations: {
      'Segment.io': {
        apiKey: writeKey,
        apiHost: `${host}/v1`,
        protocol: protocol === 'http:' ? 'http' : 'https',
        // Would put names of bundled integrations on each event, and there are none.
        addBundledMetadata: false,
      },
    },
    plan: {
      track: { __default: { enabled: true, integrations: {} } },
      identify: { __default: { enabled: true } },
      group: { __default: { enabled: true } },
    },
    edgeFunction: {},
    analyticsNextEnabled: true,
    middlewareSettings: {},
    enabledMiddleware: {},
    remotePlugins: [],
    legacyVideoPluginsEnabled: false,
    // analytics.js posts its own performance counters to `<apiHost>/m`, by https even where `protocol` says http, unless
    // none are sampled.
    metrics: { sampleRate: 0 },
  }
}

/**
 * Source configuration with which RudderStack's SDKs boot (`GET /sourceConfig/`): an enabled source without
 * destinations, hence without a script to load, and without reports about the SDK itself. SDKs that are not told a data
 * plane take the default one of their region.
 */
export function buildRudderSourceConfig({
  writeKey,
  origin,
  sourceName,
}: SettingsInput & { sourceName: string }): JsonObject {
  const dataPlane = [{ url: origin, default: true }]
  return {
    source: {
      id: sourceName,
      name: sourceName,
      writeKey,
      workspaceId: 'millrace',
      enabled: true,
      config: { statsCollection: { errors: { enabled: false }, metrics: { enabled: false } } },
      destinations: [],
      dataplanes: { US: dataPlane, EU: dataPlane },
    },
  }
}
