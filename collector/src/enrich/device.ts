/** Reads device, browser and system from a user agent, and corrects them by client hints where the browser sent any. */

import type { DeviceFacts } from '@millrace/schemas'
import UAParser from 'ua-parser-js'
import type { ClientHints } from './client-hints.ts'
import { classifyAgent } from './relay.ts'
import { readShortText } from './short-text.ts'
import { createUserAgentMemo } from './user-agent-memo.ts'

/** Names of systems that changed since the parser's list was begun. */
const SYSTEM_NAMES: ReadonlyMap<string, string> = new Map([
  ['Mac OS', 'macOS'],
  ['Mac OS X', 'macOS'],
  ['Chromium OS', 'Chrome OS'],
  ['CrOS', 'Chrome OS'],
])

/** Systems that run on no desk, so that a device whose kind the user agent leaves open is not taken for one. */
const PORTABLE_SYSTEMS: ReadonlySet<string> = new Set([
  ...['Android', 'iOS', 'watchOS', 'webOS', 'Tizen', 'KaiOS', 'BlackBerry', 'Symbian', 'Sailfish', 'Bada'],
  ...['HarmonyOS', 'OpenHarmony', 'Firefox OS', 'Ubuntu Touch', 'Windows Phone', 'Windows Phone OS'],
  ...['Windows Mobile', 'Windows IoT', 'MeeGo', 'Maemo', 'Series40', 'RIM Tablet OS', 'Palm', 'Fuchsia'],
  ...['Chromecast', 'VIERA', 'NETRANGE', 'NETTV', 'QNX'],
])

const CONSOLE_SYSTEMS: ReadonlySet<string> = new Set(['PlayStation', 'Nintendo', 'Xbox'])

const XR_BROWSERS: ReadonlySet<string> = new Set([
  ...['Oculus Browser', 'Pico Browser', 'Wolvic', 'Firefox Reality'],
])

/** Browsers that a user agent or a brand names when it only says what the browser is built on. */
const ENGINE_BROWSERS: ReadonlySet<string> = new Set(['Chrome', 'Chromium', 'Chrome WebView'])

/** The model that Chromium puts into every Android user agent instead of the real one. Source: chromium.org, UA reduction. */
const REDUCED_MODEL = 'K'

/** Models that can stand in a user agent without changing how the rest of it reads. */
const PLAIN_MODEL = /^[\w][\w .+/-]{0,63}$/

/**
 * A function that reads a user agent; `undefined` when it tells nothing of a person's device (`node`, `curl/8`). Hints
 * win over it: system version (Windows 11), Android model, brand and full version of the browser. Versions are text as
 * parsed. The result without hints is shared by all calls and frozen.
 *
 * `brand` comes from the model where Chromium's reduced user agent hides both, `type` is `desktop` when browser or
 * system are known, nothing says otherwise and the system is not a phone's. iPads that ask for desktop pages read as Macs.
 *
 * @param maxEntries distinct user agents that are remembered, default 1,000
 */
export function createDeviceReader(
  maxEntries?: number,
): (userAgent: string, hints?: ClientHints) => DeviceFacts | undefined {
  const readUserAgent = createUserAgentMemo(parseUserAgent, maxEntries)
  return (userAgent, hints) =>
    hints === undefined
      ? readUserAgent(userAgent)
      : applyHints(readUserAgent(fillModelIn(userAgent, hints.model)) ?? {}, hints)
}

type Fields = { [Name in keyof Required<DeviceFacts>]: string | undefined }

function parseUserAgent(userAgent: string): DeviceFacts | undefined {
  if (classifyAgent(userAgent) === 'server') return undefined
  const parser = new UAParser(userAgent)
  const browser = parser.getBrowser()
  const system = parser.getOS()
  const device = parser.getDevice()
  const osName = system.name === undefined ? undefined : (SYSTEM_NAMES.get(system.name) ?? system.name)
  const facts = buildFacts({
    type: decideType(device.type, osName, browser.name),
    brand: device.vendor === 'Generic' ? undefined : device.vendor,
    model: device.model === REDUCED_MODEL ? undefined : device.model,
    browserName: browser.name,
    browserVersion: browser.version,
    osName,
    osVersion: system.version,
  })
  return facts === undefined ? undefined : Object.freeze(facts)
}

function decideType(
  parsed: string | undefined,
  osName: string | undefined,
  browserName: string | undefined,
): string | undefined {
  // The parser takes a PlayStation 5 for a television, because it says so itself, and headsets for watches.
  if (osName !== undefined && CONSOLE_SYSTEMS.has(osName)) return 'console'
  if (browserName !== undefined && XR_BROWSERS.has(browserName)) return 'xr'
  if (parsed !== undefined) return parsed === 'smarttv' ? 'tv' : parsed
  if (osName !== undefined) return PORTABLE_SYSTEMS.has(osName) ? undefined : 'desktop'
  return browserName === undefined ? undefined : 'desktop'
}

/** The user agent as it was before it was reduced: the parser knows makers and tablets by their models. */
function fillModelIn(userAgent: string, model: string | undefined): string {
  if (model === undefined || !PLAIN_MODEL.test(model)) return userAgent
  return userAgent.replace(`; ${REDUCED_MODEL})`, `; ${model})`)
}

function applyHints(facts: DeviceFacts, hints: ClientHints): DeviceFacts | undefined {
  const system = chooseSystem(facts, hints)
  const browser = chooseBrowser(facts, hints)
  const type = facts.type ?? decideType(undefined, system.osName, browser.browserName)
  return buildFacts({
    type: hints.isMobile === true && (type === undefined || type === 'desktop') ? 'mobile' : type,
    brand: facts.brand,
    model: hints.model ?? facts.model,
    ...browser,
    ...system,
  })
}

function chooseSystem(facts: DeviceFacts, hints: ClientHints): Pick<Fields, 'osName' | 'osVersion'> {
  const { platform, platformVersion } = hints
  if (platform === undefined || platform === 'Unknown') {
    return { osName: facts.osName, osVersion: facts.osVersion }
  }
  const osName = SYSTEM_NAMES.get(platform) ?? platform
  const hinted = platformVersion === undefined ? undefined : readSystemVersion(osName, platformVersion)
  return { osName, osVersion: hinted ?? (osName === facts.osName ? facts.osVersion : undefined) }
}

/** The version as people know it. Source for Windows: Microsoft, "Detect Windows 11 using User-Agent Client Hints". */
function readSystemVersion(osName: string, platformVersion: string): string | undefined {
  // Android 14 is `14.0.0` here and `14` in a user agent; both must be one value.
  if (osName !== 'Windows') return platformVersion.replace(/(?:\.0)+$/, '')
  const [major = 0, minor = 0] = platformVersion.split('.').map(Number)
  if (major >= 13) return '11'
  if (major >= 1) return '10'
  // 0.0.0 is what a browser says that does not know.
  return [undefined, '7', '8', '8.1'][minor]
}

function chooseBrowser(
  facts: DeviceFacts,
  hints: ClientHints,
): Pick<Fields, 'browserName' | 'browserVersion'> {
  const { browserName, browserVersion } = facts
  const brand = hints.browserName
  // An app's own browser (Instagram, a WebView of Facebook's) says only in its user agent what it is.
  const saysLess =
    brand === undefined ||
    (ENGINE_BROWSERS.has(brand) && browserName !== undefined && !ENGINE_BROWSERS.has(browserName))
  if (saysLess) return { browserName, browserVersion }
  const fallback = brand === browserName ? browserVersion : hints.browserMajor
  return { browserName: brand, browserVersion: hints.browserVersion ?? fallback }
}

function buildFacts(fields: Fields): DeviceFacts | undefined {
  const facts: DeviceFacts = {}
  for (const name of Object.keys(fields) as (keyof DeviceFacts)[]) {
    const text = readShortText(fields[name])
    if (text !== undefined) facts[name] = text
  }
  return Object.keys(facts).length === 0 ? undefined : facts
}
