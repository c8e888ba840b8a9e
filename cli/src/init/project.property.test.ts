/** Whatever is answered, what is written is what wrangler, Cloudflare and the configuration's own check take. */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineConfig, type MillraceConfig } from '@millrace/schemas/config'
import fc from 'fast-check'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { WranglerConfig } from '../doctor/wrangler-config.ts'
import { NO_CLICKHOUSE_URL } from '../no-clickhouse-url.ts'
import {
  checkApart,
  fitName,
  type Parsed,
  parseClickHouse,
  parseDomain,
  parseName,
  parseSites,
  parseSourceName,
  parseUser,
} from './answers.ts'
import { fakeProject, temporaryFolder } from './fake-project.ts'
import { type Project, secretsOf } from './project.ts'
import { writeConfig } from './source-files.ts'
import { writeWranglerToml } from './wrangler-toml.ts'

/** Queues and Workers: those of a host's label. R2: 3 to 63. Source: Cloudflare's limits, checked November 2026. */
const CLOUDFLARE_NAME = /^[a-z0-9](?:[a-z0-9-]{1,61}|)[a-z0-9]$|^[a-z0-9]$/

/** Texts of an alphabet that hits upon fit answers and upon what would break a file: quotes, escapes, line ends. */
function hostile(letters: string, maxLength: number): fc.Arbitrary<string> {
  const unit = fc.constantFrom(...letters, '"', "'", '\\', '`', '$', '{', '\n', '\0', '\u{7f}', 'é', '\ud800')
  return fc.oneof(
    { weight: 4, arbitrary: fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength }) },
    { weight: 1, arbitrary: fc.string({ unit, maxLength }) },
  )
}

/** Values of texts that pass; what does not pass is typed anew. */
function passing<T>(typed: fc.Arbitrary<string>, parse: (text: string) => Parsed<T>): fc.Arbitrary<T> {
  return typed
    .map(parse)
    .filter((parsed) => parsed.ok)
    .map(({ value }) => value)
}

const host = fc.domain()

const urls = fc.array(fc.tuple(fc.constantFrom('https://', 'http://', 'https://*.', ''), host), {
  maxLength: 3,
})

const clickhouse = fc.record({
  url: passing(
    fc.oneof(fc.webUrl({ validSchemes: ['https'] }), hostile('https:/db.example', 30), fc.constant('')),
    parseClickHouse,
  ),
  user: passing(hostile('abZ@._-+=#', 20), parseUser),
})

const projects: fc.Arbitrary<Project> = fc
  .record({
    name: fc.oneof(passing(hostile('abz019-', 50), parseName), fc.string({ unit: 'binary' }).map(fitName)),
    sites: passing(
      fc.oneof(
        hostile('ab.:/ *,', 40),
        urls.map((list) => list.map(([scheme, name]) => scheme + name).join(', ')),
      ),
      parseSites,
    ),
    domain: passing(fc.oneof(host, hostile('ab.-', 20), fc.constant('')), parseDomain),
    clickhouse: clickhouse.map(({ url, user }) => (url === null ? null : { url, user })),
    source: passing(fc.oneof(fc.constant('web'), hostile('abz09-_', 64)), parseSourceName),
    staging: fc.boolean(),
  })
  .filter(({ domain, sites }) => checkApart(domain, sites) === undefined)
  .map(fakeProject)

/** The configuration that the text makes; its plan is none, whose checks are elsewhere. */
function evaluate(text: string): MillraceConfig {
  const body = text.replace(/^import .*$/gm, '').replace('export default', 'return')
  return new Function('defineConfig', 'plan', body)(defineConfig, undefined)
}

it('any fit answers make a project that wrangler and the configuration take', async () => {
  const remarks = vi.spyOn(console, 'warn').mockImplementation(() => {})
  onTestFinished(() => remarks.mockRestore())
  vi.stubEnv('WRANGLER_LOG', 'warn')
  onTestFinished(() => void vi.unstubAllEnvs())
  const { unstable_readConfig: readConfig } = await import('wrangler')
  const path = join(await temporaryFolder(), 'wrangler.toml')
  const read = (environment: object) =>
    readConfig({ config: path, ...environment }, { hideWarnings: false }) as unknown as WranglerConfig
  const law = fc.asyncProperty(projects, async (project) => {
    await writeFile(path, writeWranglerToml(project))
    const environments = project.staging ? [{}, { env: 'staging' }] : [{}]
    for (const environment of environments) {
      const { name, queues, r2_buckets: buckets = [], vars, routes = [] } = read(environment)
      const { producers = [], consumers = [] } = queues ?? {}
      const names = producers.map(({ queue }) => queue)
      for (const one of [name, ...names, ...buckets.map((bucket) => bucket.bucket_name)])
        expect(one).toMatch(CLOUDFLARE_NAME)
      expect(consumers.map(({ queue }) => queue)).toEqual(names)
      const { url, user } = project.clickhouse ?? { url: NO_CLICKHOUSE_URL, user: 'default' }
      expect([vars?.['CLICKHOUSE_URL'], vars?.['CLICKHOUSE_USER']]).toEqual([url, user])
      expect(routes).toHaveLength(project.domain !== null && !('env' in environment) ? 1 : 0)
    }
    const { sources } = evaluate(writeConfig(project))
    const { secretKey, readToken } = secretsOf(project.source)
    expect(sources).toMatchObject([
      { name: project.source, secretKeyVar: secretKey, readTokenVar: readToken },
    ])
    expect(sources[0]?.allowedOrigins ?? []).toEqual(project.sites)
  })
  await fc.assert(law, { numRuns: 100 })
  expect(remarks.mock.calls).toEqual([])
}, 120_000)
