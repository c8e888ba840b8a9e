/**
 * What is known of the person, the device and the way that led here, from three sources in this order: the event's own
 * context, what the edge found out about the event, what it knows of the request. A server's request says nothing about
 * the person, so it counts only for an event that was not relayed.
 */

import type { DeviceFacts, EventFacts, JsonObject, RequestFacts } from '@millrace/schemas'
import { asObject, asText, type Row, toTuples } from './column-values.ts'

/** The columns of migration `0002_facts.sql`. The same input always gives the same columns. */
export function buildFactColumns(
  context: JsonObject,
  facts: EventFacts = {},
  request: RequestFacts = {},
): Row {
  const sender = facts.isRelayed === true ? {} : request
  const bot = facts.bot ?? sender.bot
  return {
    ...buildPlaceColumns(context, facts, sender),
    ...buildDeviceColumns(context, facts.device ?? sender.device ?? {}),
    is_bot: bot !== undefined,
    bot_name: bot ?? '',
    ...buildOriginColumns(context, facts),
    // Honoured whoever sent it, so it is recorded whoever sent it.
    gpc: facts.gpc ?? request.gpc ?? false,
    is_anonymized: facts.isAnonymized ?? false,
    client_anonymous_id: facts.clientAnonymousId ?? '',
    plan_version: facts.planVersion ?? '',
    violations: toTuples(facts.violations),
    ...buildLookupColumns(facts),
  }
}

/** A place that the client names is taken whole: a city of its own beside the region of an address would be nowhere. */
function buildPlaceColumns(context: JsonObject, facts: EventFacts, sender: RequestFacts): Row {
  const named = asObject(context['location'])
  const [country, region, city] = [asText(named['country']), asText(named['region']), asText(named['city'])]
  const isNamed = country !== '' || region !== '' || city !== ''
  const timeZone = asText(context['timezone'])
  if (facts.isAnonymized === true) {
    const known = isNamed ? country : sender.country
    return { ...NO_PLACE, country: known ?? '', time_zone: timeZone }
  }
  const network = {
    ip: facts.ip ?? sender.ip ?? '',
    asn: sender.asn ?? 0,
    as_organization: sender.asOrganization ?? '',
  }
  // Named and not where the address is: whatever else the address says is about another place.
  const isElsewhere = isNamed && country !== (sender.country ?? '')
  return {
    ...network,
    country: isNamed ? country : (sender.country ?? ''),
    region: isNamed ? region : (sender.region ?? ''),
    city: isNamed ? city : (sender.city ?? ''),
    continent: isElsewhere ? '' : (sender.continent ?? ''),
    time_zone: timeZone || (isElsewhere ? '' : (sender.timeZone ?? '')),
  }
}

const NO_PLACE: Row = {
  ip: '',
  asn: 0,
  as_organization: '',
  country: '',
  region: '',
  city: '',
  continent: '',
  time_zone: '',
}

/** Maker and model belong together, and so do a system and its version: each pair comes from one source. */
function buildDeviceColumns(context: JsonObject, known: DeviceFacts): Row {
  const device = asObject(context['device'])
  const os = asObject(context['os'])
  const [brand, model] = [asText(device['manufacturer']), asText(device['model'])]
  const [osName, osVersion] = [asText(os['name']), asText(os['version'])]
  const isSameDevice = brand === '' && model === ''
  const isSameOs = osName === '' || osName === known.osName
  return {
    device_type: asText(device['type']) || (known.type ?? ''),
    device_brand: isSameDevice ? (known.brand ?? '') : brand,
    device_model: isSameDevice ? (known.model ?? '') : model,
    browser_name: known.browserName ?? '',
    browser_version: known.browserVersion ?? '',
    os_name: osName || (known.osName ?? ''),
    os_version: osVersion || (isSameOs ? (known.osVersion ?? '') : ''),
  }
}

function buildOriginColumns(context: JsonObject, { referrer, campaign = {} }: EventFacts): Row {
  const own = asObject(context['campaign'])
  return {
    referrer_class: referrer?.class ?? '',
    referrer_name: referrer?.name ?? '',
    campaign_source: asText(own['source']) || (campaign.source ?? ''),
    campaign_medium: asText(own['medium']) || (campaign.medium ?? ''),
    campaign_name: asText(own['name']) || (campaign.name ?? ''),
    campaign_term: asText(own['term']) || (campaign.term ?? ''),
    campaign_content: asText(own['content']) || (campaign.content ?? ''),
    campaign_id: asText(own['id']) || (campaign.id ?? ''),
    click_id_type: campaign.clickIdType ?? '',
    click_id: campaign.clickId ?? '',
  }
}

function buildLookupColumns({ lookups }: EventFacts): Row {
  const rows: JsonObject = {}
  const versions: JsonObject = {}
  for (const [name, { row, version }] of Object.entries(lookups ?? {})) {
    rows[name] = row
    versions[name] = version
  }
  return { lookups: rows, lookup_versions: versions }
}
