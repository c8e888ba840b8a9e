/** Reads where a request came from out of what Cloudflare found. */

import type { GeoFacts } from '@millrace/schemas'
import { readShortText } from './short-text.ts'

const CONTINENTS: ReadonlySet<string> = new Set(['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA'])

/**
 * Place and network out of `request.cf`; `undefined` when it tells none, as on one's own machine. A value of the wrong
 * kind is left out. Country `T1`, Cloudflare's code for the Tor network, is kept, because it is known to be no place;
 * `XX`, for unknown, is left out. Source: Cloudflare, "IncomingRequestCfProperties", November 2026.
 */
export function readGeo(cf: unknown): GeoFacts | undefined {
  if (typeof cf !== 'object' || cf === null) return undefined
  const properties = cf as Record<string, unknown>
  const country = readCountry(properties['country'])
  const region = readShortText(properties['region'])
  const city = readShortText(properties['city'])
  const continent = readContinent(properties['continent'])
  const timeZone = readShortText(properties['timezone'])
  const asn = readAsn(properties['asn'])
  const asOrganization = readShortText(properties['asOrganization'])
  const facts: GeoFacts = {
    ...(country === undefined ? {} : { country }),
    ...(region === undefined ? {} : { region }),
    ...(city === undefined ? {} : { city }),
    ...(continent === undefined ? {} : { continent }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(asn === undefined ? {} : { asn }),
    ...(asOrganization === undefined ? {} : { asOrganization }),
  }
  return Object.keys(facts).length === 0 ? undefined : facts
}

function readCountry(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === 'XX') return undefined
  return /^(?:[A-Z]{2}|T1)$/.test(value) ? value : undefined
}

function readContinent(value: unknown): string | undefined {
  return typeof value === 'string' && CONTINENTS.has(value) ? value : undefined
}

/** Numbers of autonomous systems have 32 bits; 0 is reserved. Source: RFC 6793 and RFC 7607. */
function readAsn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 2 ** 32
    ? value
    : undefined
}
