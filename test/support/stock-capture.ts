/**
 * Captures the golden files anew: `node test/support/stock-capture.ts`. Runs every SDK of `test/package.json` against a
 * recorder on loopback and writes what it sent to `test/golden`.
 */

import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import manifest from '../package.json' with { type: 'json' }
import { launchBrowser } from './browser.ts'
import { GOLDEN_PATH, type GoldenFolder, type GoldenRequest, goldenPerson } from './stock-golden.ts'
import { type RecordedRequest, startRecorder } from './stock-recorder.ts'
import { visitWithRudder, visitWithSegment } from './stock-servers.ts'
import { type BrowserSdk, startStockSite, visitSite } from './stock-site.ts'
import { readSentEvents, type SentEvent } from './stock-visit.ts'
import { waitFor } from './wait.ts'

/** The same in every capture, so that a new one differs only where an SDK does. */
const SITE_PORT = 4173

/** Headers that a server decides by, or that say who sent it. The others belong to the connection. */
const KEPT_HEADERS = new Set([
  'accept',
  'access-control-request-headers',
  'access-control-request-method',
  'anonymousid',
  'authorization',
  'content-encoding',
  'content-type',
  'origin',
  'sentat',
  'user-agent',
])

/** Prefixes of the headers with which an SDK says that it tries again. */
const RETRY_HEADERS = ['x-retry-', 'rsa-']

async function captureServer(
  folder: GoldenFolder,
  sdk: keyof typeof manifest.dependencies,
  visit: typeof visitWithSegment,
): Promise<void> {
  const recorder = await startRecorder()
  const sent = await visit(recorder.url, goldenPerson(folder))
  await recorder.stop()
  await writeGolden(folder, sdk, inCallOrder(recorder.requests, sent))
}

async function captureBrowser(
  folder: GoldenFolder,
  sdk: keyof typeof manifest.dependencies,
  name: BrowserSdk,
  isHeldBack: boolean,
): Promise<void> {
  const refused = name === 'segment' ? '/v1/g' : '/v1/group'
  const recorder = await startRecorder([refused])
  const site = await startStockSite(SITE_PORT)
  const browser = await launchBrowser()
  const { page, sent } = await visitSite(browser, site, name, {
    settingsUrl: recorder.url,
    collectorUrl: recorder.url,
    person: goldenPerson(folder),
    isHeldBack,
  })
  // All but what is held back comes by itself, the refused event twice.
  if (isHeldBack) await page.close({ runBeforeUnload: true })
  const postCount = isHeldBack ? 1 : sent.length + 1
  await waitFor(() => recorder.requests.filter(({ method }) => method === 'POST').length >= postCount)
  await browser.close()
  await site.stop()
  await recorder.stop()
  await writeGolden(folder, sdk, inCallOrder(distinctPreflights(recorder.requests), sent))
}

/** Drops preflights that ask for nothing that one before did not. */
function distinctPreflights(requests: readonly RecordedRequest[]): RecordedRequest[] {
  const asked = requests.map(
    ({ method, headers }) => `${method} ${headers['access-control-request-headers']}`,
  )
  return requests.filter(({ method }, i) => method !== 'OPTIONS' || asked.indexOf(asked[i] ?? '') === i)
}

/** Events in the order of the calls rather than that of the connections; before them what is no event. */
function inCallOrder(requests: readonly RecordedRequest[], sent: readonly SentEvent[]): RecordedRequest[] {
  const places = new Map(sent.map(({ messageId }, place) => [messageId, place]))
  const placeOf = ({ method, body }: RecordedRequest) => {
    const [first] = method === 'POST' ? readSentEvents(body) : []
    return places.get(first?.messageId ?? '') ?? -1
  }
  return requests.toSorted((a, b) => placeOf(a) - placeOf(b))
}

async function writeGolden(
  folder: GoldenFolder,
  sdk: keyof typeof manifest.dependencies,
  requests: readonly RecordedRequest[],
): Promise<void> {
  const path = join(GOLDEN_PATH, folder)
  await rm(path, { recursive: true, force: true })
  await mkdir(path, { recursive: true })
  for (const [index, request] of requests.entries()) {
    const name = `${index + 1}-${nameOf(request)}.json`
    await writeFile(join(path, name), `${JSON.stringify(toGolden(sdk, request), null, 2)}\n`)
  }
  console.log(`${folder}: ${requests.length} requests`)
}

function toGolden(sdk: keyof typeof manifest.dependencies, request: RecordedRequest): GoldenRequest {
  const headers = Object.entries(request.headers).filter(([name]) => KEPT_HEADERS.has(name) || isRetry(name))
  return {
    sdk: `${sdk} ${manifest.dependencies[sdk]}`,
    capturedOn: new Date().toISOString().slice(0, 10),
    ...(request.headers['content-encoding'] === 'gzip' ? { note: 'the body was gzip on the wire' } : {}),
    ...request,
    headers: Object.fromEntries(headers),
  }
}

function nameOf({ method, path, headers, body }: RecordedRequest): string {
  if (method === 'OPTIONS') return 'preflight'
  if (method === 'GET') return 'settings'
  const isBatch = Array.isArray((JSON.parse(body) as { batch?: unknown }).batch)
  const what = isBatch ? (path.startsWith('/beacon/') ? 'beacon' : 'batch') : readSentEvents(body)[0]?.type
  return Object.keys(headers).some(isRetry) ? `${what}-again` : `${what}`
}

function isRetry(header: string): boolean {
  return RETRY_HEADERS.some((prefix) => header.startsWith(prefix))
}

await captureServer('segment-node', '@segment/analytics-node', visitWithSegment)
await captureServer('rudder-node', '@rudderstack/rudder-sdk-node', visitWithRudder)
await captureBrowser('segment-browser', '@segment/analytics-next', 'segment', false)
await captureBrowser('segment-browser-batching', '@segment/analytics-next', 'segment', true)
await captureBrowser('rudder-browser', '@rudderstack/analytics-js', 'rudder', false)
await captureBrowser('rudder-browser-beacon', '@rudderstack/analytics-js', 'rudder', true)
