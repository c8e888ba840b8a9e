/** The routes that SDKs boot from: what they are told, for which keys, and for how long they may keep it. */

import type { Context } from 'hono'
import { refuseExposedSecret } from '../authorize.ts'
import { refusal, refuse } from '../refuse.ts'
import type { Sources } from '../sources.ts'
import { readKeys } from '../write-key.ts'
import { buildRudderSourceConfig, buildSegmentSettings } from './settings.ts'

/** How long a browser may keep what an SDK boots with: short, because a key may be taken away. */
const SETTINGS_SECONDS = 60

/** For Segment's SDKs, by the key in the path. */
export function tellSegmentSettings(c: Context, sources: Sources): Response {
  const writeKey = c.req.param('writeKey') ?? ''
  const match = sources.find(writeKey)
  if (match === undefined) return refuseSettings(c)
  if (match.isSecret) return refuse(c, refuseExposedSecret())
  c.header('Cache-Control', `public, max-age=${SETTINGS_SECONDS}`)
  return c.json(buildSegmentSettings({ writeKey, origin: new URL(c.req.url).origin }))
}

/** For RudderStack's SDKs, by the key in the header or the query. */
export function tellRudderConfig(c: Context, sources: Sources): Response {
  const { origin, searchParams } = new URL(c.req.url)
  const { header, exposed } = readKeys(c.req.raw.headers.get('authorization'), {}, searchParams)
  if (exposed.some((key) => sources.find(key)?.isSecret)) return refuse(c, refuseExposedSecret())
  for (const writeKey of [...header, ...exposed]) {
    const match = sources.find(writeKey)
    if (match === undefined || match.isSecret) continue
    c.header('Cache-Control', `private, max-age=${SETTINGS_SECONDS}`)
    return c.json(buildRudderSourceConfig({ writeKey, origin, sourceName: match.source.name }))
  }
  return refuseSettings(c)
}

function refuseSettings(c: Context): Response {
  return refuse(c, refusal(404, 'unknown_write_key', 'no source has this write key'))
}
