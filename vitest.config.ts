import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

// Wrangler would remark on secrets that only a deployment has.
process.env['WRANGLER_LOG'] ??= 'error'

/** On two cores vitest would take one: but a test that talks to ClickHouse or workerd leaves its own core half idle. */
const WORKERS = Math.max(2, availableParallelism() - 1)

const JOURNEY = { testTimeout: 120_000, hookTimeout: 60_000 }

/** Journeys with browsers: two cores starve the pages when anything else runs. */
const IN_BROWSERS =
  'test/journeys/{commands,dashboard-*,demo-plan,page,sdk-*,security-page,stock-*-browser}.test.ts'

/**
 * Five ways a test runs: `plain` in Node, `workerd` inside the Worker runtime with the bindings of wrangler.toml, `journeys`
 * across packages against the whole running stack, two files at a time because they mostly wait, `browsers` the same
 * with pages, one file after the other, and `packages` with projects that install what ships.
 */
export default defineConfig({
  test: {
    // Journeys that run beside each other have browsers of their own: with more, two cores starve the pages.
    maxConcurrency: 3,
    globalSetup: './test/support/migrated-data.ts',
    projects: [
      {
        // The fault simulator runs the live object in Node.
        resolve: {
          alias: {
            'cloudflare:workers': fileURLToPath(
              new URL('./test/faults/world/cloudflare-workers.ts', import.meta.url),
            ),
          },
        },
        test: {
          name: 'plain',
          include: [
            '{schemas,sdk-web,sdk-node,cli,create-millrace,dashboard,local,site,scripts,bench}/**/*.test.ts',
            'test/docs/{checks,compile}.test.ts',
            'test/properties/**/*.test.ts',
            'test/faults/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', '**/dist/**', 'test/faults/fidelity/**'],
          testTimeout: 30_000,
          maxWorkers: WORKERS,
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            // No ClickHouse: that of `npm start` may be on this machine, and is not theirs.
            miniflare: {
              bindings: {
                MILLRACE_ENV: 'development',
                CLICKHOUSE_URL: 'http://127.0.0.1:1',
                CLICKHOUSE_PASSWORD: '',
              },
            },
          }),
        ],
        test: {
          name: 'workerd',
          // Every file would load all modules anew, which takes three times as long as its tests.
          isolate: false,
          // One runtime for all; with two, files that share modules get in each other's way.
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
          setupFiles: ['consumers/src/clear-bucket.ts'],
          include: ['{collector,consumers}/**/*.test.ts'],
          exclude: ['**/node_modules/**'],
        },
      },
      {
        test: {
          name: 'journeys',
          include: [
            'test/{journeys,upgrades}/**/*.test.ts',
            'test/faults/fidelity/**/*.test.ts',
            'test/docs/run.test.ts',
          ],
          exclude: ['**/node_modules/**', IN_BROWSERS],
          ...JOURNEY,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'browsers',
          include: [IN_BROWSERS],
          ...JOURNEY,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'packages',
          include: ['test/{packages,examples}/**/*.test.ts'],
          exclude: ['**/node_modules/**'],
          // Each installs a project of its own from the registry.
          testTimeout: 240_000,
          hookTimeout: 240_000,
          maxWorkers: 2,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
})
