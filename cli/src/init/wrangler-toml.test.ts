import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { checkBindings } from '../doctor/check-bindings.ts'
import { readWranglerConfig } from '../doctor/wrangler-config.ts'
import { NO_CLICKHOUSE_URL } from '../no-clickhouse-url.ts'
import { fakeProject, temporaryFolder } from './fake-project.ts'
import type { Project } from './project.ts'
import { writeWranglerToml } from './wrangler-toml.ts'

const ROOT_FILE = fileURLToPath(new URL('../../../wrangler.toml', import.meta.url))

/** What wrangler makes of the file of a project. */
async function read(project: Project, environment?: string) {
  const path = join(await temporaryFolder(), 'wrangler.toml')
  await writeFile(path, writeWranglerToml(project))
  return readWranglerConfig(path, environment)
}

/** Without what belongs to a place, and with one word for every name that is made of the project's. */
function withoutNames(config: object, name: string, left: readonly string[]): unknown {
  const kept = Object.entries(config).filter(([field]) => !left.includes(field))
  const text = JSON.stringify(Object.fromEntries(kept))
  return JSON.parse(
    text.replaceAll(new RegExp(`"${name}(-events|-retry|-dead|-lake)?"`, 'g'), '"NAME$1"'),
    (key, value) => (key === 'namespace_id' ? 'ID' : value),
  )
}

/** Of the file: where it is, and where what it names is. */
const PLACES = [
  'configPath',
  'userConfigPath',
  'main',
  'base_dir',
  'assets',
  'vars',
  'name',
  'topLevelName',
  'definedEnvironments',
]

describe('wrangler.toml', () => {
  it('is the repository’s own but for names, entry, variables and assets', async () => {
    const own = await readWranglerConfig(ROOT_FILE, undefined)
    const made = await read(fakeProject({ domain: null }))
    expect(withoutNames(made, 'shop', PLACES)).toEqual(withoutNames(own, 'millrace', PLACES))
    expect(Object.keys(made.vars ?? {})).toEqual(Object.keys(own.vars ?? {}))
    expect(made.assets?.binding).toBe(own.assets?.binding)
  })

  it('has a staging that is production but for names', async () => {
    const project = fakeProject()
    const left = [...PLACES, 'routes', 'targetEnvironment']
    const production = withoutNames(await read(project), 'shop', left)
    expect(withoutNames(await read(project, 'staging'), 'shop-staging', left)).toEqual(production)
  })

  it('shares no name, counter or database between the two', async () => {
    const namesIn = async (environment?: string) => {
      const { name, queues, r2_buckets, ratelimits, vars } = await read(fakeProject(), environment)
      const text = JSON.stringify([
        name,
        queues?.producers,
        r2_buckets,
        ratelimits,
        vars?.['CLICKHOUSE_DATABASE'],
      ])
      return [...text.matchAll(/"(shop[\w-]*|\d{7}|millrace\w*)"/g)].map(([found]) => found)
    }
    const [production, staging] = [await namesIn(), await namesIn('staging')]
    expect([production.length, staging.length]).toEqual([9, 9])
    expect(production.filter((name) => staging.includes(name))).toEqual([])
  })

  it.each([undefined, 'staging'])('binds all that the doctor looks for (%s)', async (environment) => {
    const config = await read(fakeProject(), environment)
    const findings = checkBindings(config, { file: 'wrangler.toml', environment })
    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([])
  })

  it('gives the domain to production alone', async () => {
    const route = { pattern: 'events.shop.example', custom_domain: true }
    expect(await read(fakeProject())).toMatchObject({ routes: [route], workers_dev: true })
    expect(await read(fakeProject(), 'staging')).toMatchObject({ routes: [], workers_dev: true })
    // Also one that is written into it later.
    expect(await read(fakeProject({ domain: null }), 'staging')).toMatchObject({ routes: [] })
  })

  it('is read for production whatever CLOUDFLARE_ENV says', async () => {
    vi.stubEnv('CLOUDFLARE_ENV', 'staging')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect((await read(fakeProject())).name).toBe('shop')
  })

  it('has no staging where none is wanted', async () => {
    expect((await read(fakeProject({ staging: false }))).definedEnvironments ?? []).toEqual([])
  })

  it('has an address that no deployment takes until there is one', async () => {
    expect((await read(fakeProject({ clickhouse: null }))).vars).toMatchObject({
      CLICKHOUSE_URL: NO_CLICKHOUSE_URL,
    })
    expect((await read(fakeProject())).vars).toMatchObject({
      CLICKHOUSE_URL: 'https://db.example:8443',
      CLICKHOUSE_USER: 'millrace',
    })
  })

  it('gives wrangler nothing to remark on', async () => {
    const remarks = vi.spyOn(console, 'warn').mockImplementation(() => {})
    onTestFinished(() => remarks.mockRestore())
    vi.stubEnv('WRANGLER_LOG', 'warn')
    onTestFinished(() => void vi.unstubAllEnvs())
    const { unstable_readConfig: readConfig } = await import('wrangler')
    const folder = await temporaryFolder()
    const path = join(folder, 'wrangler.toml')
    await writeFile(path, writeWranglerToml(fakeProject()))
    readConfig({ config: path })
    readConfig({ config: path, env: 'staging' })
    expect(remarks.mock.calls).toEqual([])
    // That it would be heard: production's buckets are not inherited.
    await writeFile(
      path,
      writeWranglerToml(fakeProject()).replace(/\[\[env\.staging\.r2_buckets\]\][^[]*/, ''),
    )
    readConfig({ config: path, env: 'staging' })
    expect(String(remarks.mock.calls)).toContain('r2_buckets')
  })
})
