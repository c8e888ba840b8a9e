/** A newer browser SDK on a browser that 0.1.0 left things in: the same visitor and choices, and every event that waited, once. */

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Kept, openBare, openShop, readKept, startShop, writeKept } from '../support/release-browser.ts'
import { readJson } from '../support/release-files.ts'
import type { SdkSite } from '../support/sdk-site.ts'
import { launchVisitorBrowser } from '../support/sdk-visitor.ts'
import { waitFor } from '../support/wait.ts'

const golden = readJson<Kept>('clients/browser.json')

interface Session {
  id: string
  index: number
}

let site: SdkSite
let browser: Browser
beforeAll(async () => {
  site = await startShop()
  browser = await launchVisitorBrowser()
})
afterAll(async () => {
  await browser?.close()
  await site?.stop()
})

/** Ids of the events that wait, in IndexedDB and in localStorage. */
function waitingIds(): string[] {
  const prefix = 'millrace.outbox.wk_shop.'
  const spilled = Object.entries(golden.local).filter(([key]) => key.startsWith(prefix))
  const batches = [
    ...golden.records.map(({ value }) => value),
    ...spilled.map(([, text]) => JSON.parse(text) as unknown),
  ] as [key: string, head: string, texts: string[]][]
  return batches.flatMap(([key, , texts]) => {
    const [stream, firstSeq] = key.split('-')
    return texts.map((_, index) => `${stream}-${Number(firstSeq) + index}`)
  })
}

it('delivers what waits under its ids, keeps who the visitor is and what they allow, and leaves nothing behind', async () => {
  const context = await browser.newContext()
  const bare = await openBare(context, site)
  await writeKept(bare, golden)
  expect(await readKept(bare)).toMatchObject({ local: golden.local, records: golden.records })
  const page = await openShop(context, site)
  const kept = await waitFor(
    () => site.events('Kept'),
    (found) => found.length >= 3,
    15_000,
  )
  expect(kept.map(({ messageId }) => messageId).sort()).toEqual(waitingIds().sort())
  expect(site.arrivals()).toHaveLength(3)
  expect(kept.map(({ properties }) => properties?.['n']).sort()).toEqual([1, 2, 3])

  await page.evaluate(() =>
    (window as unknown as { millrace: { track: (name: string) => void } }).millrace.track('Now'),
  )
  const [now] = await waitFor(
    () => site.events('Now'),
    (found) => found.length === 1,
  )
  const [before] = kept
  expect(now?.['anonymousId']).toBe(before?.['anonymousId'])
  expect(golden.cookie).toContain(String(now?.['anonymousId']))
  expect(now?.['userId']).toBe('user-1')
  expect(now?.context['consent']).toEqual({ categoryPreferences: { analytics: true, ads: false } })
  // The session goes on, or long after it the next one begins.
  const [last] = JSON.parse(golden.local['millrace.session'] ?? '') as [Session]
  const session = now?.context['session'] as unknown as Session
  expect([`${last.index} ${last.id}`, `${last.index + 1} ${session.id}`]).toContain(
    `${session.index} ${session.id}`,
  )
  await waitFor(async () => (await readKept(bare)).records.length === 0)
  const left = Object.keys((await readKept(bare)).local).filter((key) => key.includes('outbox'))
  expect(left).toEqual([])
}, 60_000)
