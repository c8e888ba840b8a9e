/** A project as `npm create millrace` makes it, from the tarballs: run on this machine, asked by the command, changed while it runs. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/setup.mjs'
import { runCommand } from '../support/command.ts'
import { createPackedProject, type PackedProject } from '../support/packed-project.ts'
import { findFreePort } from '../support/ports.ts'
import { waitFor } from '../support/wait.ts'

let made: string
let project: PackedProject
let dev: ReturnType<PackedProject['start']>
let port: number
let clickhousePort: number
let writeKey: string

beforeAll(async () => {
  made = await mkdtemp(join(tmpdir(), 'millrace-made-'))
  const create = join(ROOT, 'create-millrace/bin/create-millrace.mjs')
  expect(await runCommand('node', [create, join(made, 'my-site'), '--yes'])).toMatchObject({ code: 0 })
  project = await createPackedProject(join(made, 'my-site'))
  writeKey = /writeKeys: \['(\w+)'\]/.exec(await project.read('millrace.config.ts'))?.[1] ?? ''
  port = await findFreePort()
  clickhousePort = await findFreePort()
  const env = { PORT: String(port), CLICKHOUSE_PORT: String(clickhousePort) }
  dev = project.start('npm', ['run', 'dev'], { env })
  await dev.waitForLine(/^ready$/m)
})
afterAll(async () => {
  await project?.remove()
  await rm(made, { recursive: true, force: true })
})

/** Posts an event to the project's own source. Gives the status; 0 where nobody answers. */
async function post(event: string): Promise<number> {
  const body = JSON.stringify({ writeKey, batch: [{ type: 'track', event, userId: 'u1' }] })
  const posted = fetch(`http://127.0.0.1:${port}/v1/batch`, { method: 'POST', body })
  return posted.then(({ status }) => status).catch(() => 0)
}

async function selectEvents(): Promise<string[]> {
  const url = `http://127.0.0.1:${clickhousePort}/?database=millrace&default_format=TSV`
  const query = "SELECT event FROM events FINAL WHERE source = 'web' ORDER BY event"
  const text = await (await fetch(url, { method: 'POST', body: query })).text()
  return text.split('\n').filter(Boolean)
}

function ask(...question: string[]) {
  const access = ['--source', 'web', '--endpoint', `http://127.0.0.1:${port}`]
  return project.run('npx', ['--no-install', 'millrace', 'query', ...question, ...access])
}

describe('npm run dev in a new project', () => {
  it('lacks nothing: its own source has its secrets', () => {
    expect(dev.output()).toContain(`web, write key ${writeKey}`)
    expect(dev.output()).not.toContain('missing')
  })

  it('shows an own event in ClickHouse, and to the command, which finds the read token', async () => {
    expect(await post('Signed Up')).toBe(200)
    await waitFor(selectEvents, (events) => events.includes('Signed Up'), 10_000)
    expect((await ask('top', '--field', 'event', '--from', '1h')).stdout).toContain('Signed Up')
  })

  it('starts again when the plan changes, and loses nothing that it acknowledged', async () => {
    const acknowledged: string[] = []
    const statuses = new Set<number>()
    let isPosting = true
    const posting = (async () => {
      for (let count = 0; isPosting; count++) {
        const event = `Posted ${count}`
        const status = await post(event)
        statuses.add(status)
        if (status === 200) acknowledged.push(event)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    })()
    const plan = await project.read('plan.ts')
    await project.write('plan.ts', plan.replace("'Signed Up'", "'Signed In'"))
    await dev.waitForLine(/files changed, starting again/)
    const readyAgain = () => dev.output().split('\nready\n').length > 2
    await waitFor(async () => readyAgain(), undefined, 60_000)
    await waitFor(async () => (await post('Afterwards')) === 200, undefined, 10_000)
    isPosting = false
    await posting
    expect(statuses.has(503)).toBe(true)
    const lost = async () => {
      const stored = new Set(await selectEvents())
      return ['Signed Up', 'Afterwards', ...acknowledged].filter((event) => !stored.has(event))
    }
    await waitFor(lost, (events) => events.length === 0, 15_000)
  })

  it('says what is wrong with a change, and goes on as it was', async () => {
    const config = await project.read('millrace.config.ts')
    await project.write('millrace.config.ts', config.replace('sources: [', 'sources: [{ name: 7 },'))
    await dev.waitForLine(/not restarted: .*name/)
    expect(await post('Still There')).toBe(200)
  })
})
