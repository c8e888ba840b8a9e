/** Reads User-Agent Client Hints, in which Chromium browsers tell what their frozen user agent no longer does. */

import { asObject } from '../json-object.ts'
import { createMemo } from './memo.ts'
import { readShortText } from './short-text.ts'

/** What client hints tell; every field is absent when the browser did not say or said nonsense. */
export interface ClientHints {
  /** The browser among the brands, by the name that device facts use: `Chrome`, `Edge`, `Opera`, `Brave` ... */
  browserName?: string
  /** Full version, for example `124.0.6367.91`. */
  browserVersion?: string
  /** Only its first part, which is all that a browser tells unasked. */
  browserMajor?: string
  /** `Windows`, `macOS`, `Android`, `Chrome OS`, `Linux` ... */
  platform?: string
  /** As sent: `15.0.0` is Windows 11, by a table of Microsoft's. */
  platformVersion?: string
  model?: string
  isMobile?: boolean
}

interface Brand {
  brand: string
  version: string
}

/** Longest list header that is read, in UTF-16 units. Real ones have under 200. */
const MAX_LIST_LENGTH = 1_024

/** Most brands of a list. Browsers send two to four. */
const MAX_BRANDS = 16

/** One member of a list of strings with parameters, and the comma after it. Source: RFC 8941, sections 3.1 and 3.3.3. */
const LIST_MEMBER =
  /\s*"((?:[^"\\]|\\["\\])*)"((?:\s*;\s*[a-z*][\w.*-]*(?:=(?:"(?:[^"\\]|\\["\\])*"|[^\s",;]+))?)*)\s*(?:,|$)/y

const VERSION_PARAMETER = /;\s*v="([^"\\]*)"/

const VERSION = /^\d[\w.+-]{0,63}$/

/** Names of brands by what they mean; a brand not listed goes by its own name. */
const BROWSERS: ReadonlyMap<string, string> = new Map([
  ['Microsoft Edge', 'Edge'],
  ['Microsoft Edge WebView2', 'Edge WebView2'],
  ['Opera', 'Opera'],
  ['Opera GX', 'Opera GX'],
  ['Opera Mobile', 'Opera Mobi'],
  ['OperaMobile', 'Opera Mobi'],
  ['Brave', 'Brave'],
  ['Vivaldi', 'Vivaldi'],
  ['YaBrowser', 'Yandex'],
  ['Yandex', 'Yandex'],
  ['Samsung Internet', 'Samsung Internet'],
  ['DuckDuckGo', 'DuckDuckGo'],
  ['Huawei Browser', 'Huawei Browser'],
  ['HuaweiBrowser', 'Huawei Browser'],
  ['Oculus Browser', 'Oculus Browser'],
  ['Whale', 'Whale'],
  ['CocCoc', 'Coc Coc'],
  ['Avast Secure Browser', 'Avast Secure Browser'],
  ['AVG Secure Browser', 'AVG Secure Browser'],
  ['HeadlessChrome', 'Chrome Headless'],
])

/** Brands that say what a browser is built on, best first; any other brand beside them says more. */
const ENGINE_BRANDS: ReadonlyMap<string, string> = new Map([
  ['Google Chrome', 'Chrome'],
  ['Android WebView', 'Chrome WebView'],
  ['Chromium', 'Chromium'],
])

/** Longest text of all hint headers that is remembered, in UTF-16 units. Real ones have under 500. */
const MAX_REMEMBERED_LENGTH = 2_048

/**
 * A function that reads the `Sec-CH-UA*` headers of a request; it gives `undefined` for browsers that send none, and never
 * throws. A site sees few distinct ones, so what was read is remembered.
 *
 * @param maxEntries distinct ones that are remembered, default 1,000
 */
export function createHintsReader(maxEntries = 1_000): (headers: Headers) => ClientHints | undefined {
  const memo = createMemo<ClientHints | undefined>(maxEntries)
  return (headers) => {
    const brands = headers.get('Sec-CH-UA')
    const platform = headers.get('Sec-CH-UA-Platform')
    // Chromium sends both or none, so that for other browsers two lookups are all.
    if (brands === null && platform === null) return undefined
    const texts = [brands, platform, ...OTHER_HINTS.map((name) => headers.get(name))]
    // No header has a line break, so no two requests can be taken for each other.
    const key = texts.join('\n')
    return key.length > MAX_REMEMBERED_LENGTH ? readHints(texts) : memo(key, () => readHints(texts))
  }
}

const OTHER_HINTS = [
  'Sec-CH-UA-Mobile',
  'Sec-CH-UA-Full-Version-List',
  'Sec-CH-UA-Platform-Version',
  'Sec-CH-UA-Model',
] as const

/** Header texts in the order of brands, platform, {@link OTHER_HINTS}. */
function readHints(texts: readonly (string | null)[]): ClientHints | undefined {
  const [brands = null, platform = null, mobile, fullVersions = null, platformVersion = null, model = null] =
    texts
  const flag = mobile?.trim()
  return buildHints({
    brands: parseBrandList(brands),
    fullVersions: parseBrandList(fullVersions),
    platform: parseString(platform),
    platformVersion: parseString(platformVersion),
    model: parseString(model),
    isMobile: flag === '?1' ? true : flag === '?0' ? false : undefined,
  })
}

/**
 * Reads `context.userAgentData`, as Segment's analytics.js copies it from `navigator.userAgentData`; `undefined` when
 * there is nothing to read. Never throws.
 */
export function readUserAgentData(value: unknown): ClientHints | undefined {
  const data = asObject(value)
  if (data === undefined) return undefined
  const mobile = data['mobile']
  return buildHints({
    brands: readBrands(data['brands']),
    fullVersions: readBrands(data['fullVersionList']),
    fullVersion: readVersion(data['uaFullVersion']),
    platform: data['platform'],
    platformVersion: data['platformVersion'],
    model: data['model'],
    isMobile: typeof mobile === 'boolean' ? mobile : undefined,
  })
}

interface RawHints {
  brands: Brand[]
  fullVersions: Brand[]
  fullVersion?: string | undefined
  platform: unknown
  platformVersion: unknown
  model: unknown
  isMobile: boolean | undefined
}

function buildHints(raw: RawHints): ClientHints | undefined {
  const brand = chooseBrand(raw.brands) ?? chooseBrand(raw.fullVersions)
  const major = raw.brands.find((candidate) => candidate.brand === brand)?.version
  const full = raw.fullVersions.find((candidate) => candidate.brand === brand)?.version ?? raw.fullVersion
  const platform = readShortText(raw.platform)
  const platformVersion = readVersion(raw.platformVersion)
  const model = readShortText(raw.model)
  const hints: ClientHints = {
    ...(brand === undefined ? {} : { browserName: BROWSERS.get(brand) ?? ENGINE_BRANDS.get(brand) ?? brand }),
    ...(full === undefined ? {} : { browserVersion: full }),
    ...(major === undefined ? {} : { browserMajor: major }),
    ...(platform === undefined ? {} : { platform }),
    ...(platformVersion === undefined ? {} : { platformVersion }),
    ...(model === undefined ? {} : { model }),
    ...(raw.isMobile === undefined ? {} : { isMobile: raw.isMobile }),
  }
  return Object.keys(hints).length === 0 ? undefined : hints
}

/** The brand that a person would name: one we know, else one we do not, else what it is built on. */
function chooseBrand(brands: Brand[]): string | undefined {
  const names = brands.map(({ brand }) => brand)
  return (
    names.find((name) => BROWSERS.has(name)) ??
    names.find((name) => !ENGINE_BRANDS.has(name)) ??
    [...ENGINE_BRANDS.keys()].find((name) => names.includes(name))
  )
}

/** Members up to the first one that is malformed, grease left out. */
function parseBrandList(header: string | null): Brand[] {
  const brands: Brand[] = []
  if (header === null || header.length > MAX_LIST_LENGTH) return brands
  const member = new RegExp(LIST_MEMBER)
  while (member.lastIndex < header.length && brands.length < MAX_BRANDS) {
    const match = member.exec(header)
    if (match === null) break
    const brand = buildBrand(unquote(match[1] ?? ''), VERSION_PARAMETER.exec(match[2] ?? '')?.[1])
    if (brand !== undefined) brands.push(brand)
  }
  return brands
}

function parseString(header: string | null): string | undefined {
  if (header === null || header.length > MAX_LIST_LENGTH) return undefined
  const text = /^\s*"((?:[^"\\]|\\["\\])*)"\s*$/.exec(header)?.[1]
  return text === undefined ? undefined : unquote(text)
}

function unquote(text: string): string {
  return text.replace(/\\(.)/g, '$1')
}

function readBrands(value: unknown): Brand[] {
  if (!Array.isArray(value)) return []
  return value.slice(0, MAX_BRANDS).flatMap((item: unknown) => {
    const record = asObject(item)
    return buildBrand(record?.['brand'], record?.['version']) ?? []
  })
}

function buildBrand(brand: unknown, version: unknown): Brand | undefined {
  const name = readShortText(brand)
  const number = readVersion(version)
  return name === undefined || number === undefined || isGrease(name)
    ? undefined
    : { brand: name, version: number }
}

/** Brands such as `Not(A:Brand` and ` Not;A Brand` are there to keep servers from relying on the list's form. */
function isGrease(brand: string): boolean {
  return /^not(?:an?y?)?brand$/i.test(brand.replace(/[^a-z]/gi, ''))
}

function readVersion(value: unknown): string | undefined {
  return typeof value === 'string' && VERSION.test(value) ? value : undefined
}
