/** A newer Worker on the bucket that 0.1.0 left: its parts are published beside what is, and its secrets and tables still hold. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import {
  type About,
  RELEASE_CONFIG,
  readEventMessages,
  readJson,
  readJsonLines,
  readMany,
  readObjects,
} from '../support/release-files.ts'
import type { Row } from '../support/release-rows.ts'
import { type ReleaseStack, startReleaseStack } from '../support/release-stack.ts'
import { sendCookieless, sendPage } from '../support/release-traffic.ts'

const { endedAt } = readJson<About>('about.json')
const objects = readObjects()

/** The Worker is bundled for the test, which takes a while on a machine that is busy. */
const STARTING_MS = 180_000

let stack: ReleaseStack
beforeAll(async () => {
  stack = await startReleaseStack({
    config: RELEASE_CONFIG,
    startAt: endedAt + 60_000,
    variables: { MILLRACE_HEARTBEAT: 'on' },
  })
  await stack.order('put', { objects })
}, STARTING_MS)
afterAll(() => stack.stop())

const clock = { now: () => endedAt + 60_000 }

/** Envelopes that the collector sent since the last time. */
async function takeEnvelopes(): Promise<
  { source: string; events: { anonymousId?: string; facts?: { lookups?: Row } }[] }[]
> {
  return (await stack.order('take', {})).map(({ body }) => JSON.parse(body))
}

it('ids of the day are made from the same salt', async () => {
  await sendCookieless(stack, clock)
  const [envelope] = await takeEnvelopes()
  const golden = readMany<Row>('rows/events').find(({ message_id }) => message_id === 'blog-1')
  expect(golden?.['anonymous_id']).toMatch(/^[0-9a-f]{32}$/)
  expect(envelope?.events[0]?.anonymousId).toBe(golden?.['anonymous_id'])
})

it('rows of lookup tables are joined as before, in the same version', async () => {
  await sendPage(stack, clock)
  const [envelope] = await takeEnvelopes()
  const joined = JSON.stringify(envelope?.events[1]?.facts?.lookups)
  const old = readEventMessages().find(({ id }) => id === 'page-0')
  const [, event] = (JSON.parse(old?.body ?? '') as { events: { facts?: { lookups?: Row } }[] }).events
  expect(joined).toBe(JSON.stringify(event?.facts?.lookups))
  expect(joined).toContain('Tea')
})

it('what waits in parts is published into the files that are there: each event once, none gone', async () => {
  await stack.worker.triggerCron()
  expect((await stack.worker.listObjects('parts/source=shop/')).length).toBe(0)
  const told = await stack.ask('/v1/lake/manifest', { as: 'reader' })
  const { files } = (await told.json()) as { files: { path: string; rows: number }[] }
  const ids = await readPublishedIds()
  const golden = readMany<Row>('rows/events').filter(({ source }) => source === 'shop')
  expect(ids.sort()).toEqual(golden.map(({ message_id }) => String(message_id)).sort())
  expect(files.reduce((sum, { rows }) => sum + rows, 0)).toBe(golden.length)
})

it('beats go on with the key and the record that are there', async () => {
  const textOf = (key: string) => {
    const { base64 = '' } = objects.find((object) => object.key === key) ?? {}
    return Buffer.from(base64, 'base64').toString('utf8')
  }
  expect(await stack.worker.readObject('heartbeat/key')).toBe(textOf('heartbeat/key'))
  const before = JSON.parse(textOf('heartbeat/beats.json')) as { beats: { id: string }[] }
  const after = JSON.parse((await stack.worker.readObject('heartbeat/beats.json')) ?? '{}') as typeof before
  const known = before.beats.map(({ id }) => id)
  expect(after.beats.map(({ id }) => id).filter((id) => known.includes(id))).not.toEqual([])
  expect(after.beats.length).toBeGreaterThan(0)
  expect(await stack.worker.listObjects('lookups/')).toEqual(['lookups/shop/products.json'])
})

/** By a reader that is not ours, from a copy of what is published. */
async function readPublishedIds(): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-lake-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const key of await stack.worker.listObjects('events/source=shop/')) {
    await mkdir(dirname(join(folder, key)), { recursive: true })
    await writeFile(join(folder, key), new Uint8Array((await stack.worker.readBytes(key)) ?? []))
  }
  const duckdb = await (await DuckDBInstance.create()).connect()
  const result = await duckdb.runAndReadAll(
    `SELECT message_id FROM read_parquet('${folder}/events/**/*.parquet')`,
  )
  return result.getRowObjectsJson().map((row) => String(row['message_id']))
}

it('refused events are kept where they were', async () => {
  const golden = readJsonLines<{ key: string; text: string }>('r2/texts.jsonl').filter(({ key }) =>
    key.startsWith('quarantine/'),
  )
  expect(golden.length).toBeGreaterThan(0)
  for (const { key, text } of golden) expect(await stack.worker.readObject(key)).toBe(text)
})
