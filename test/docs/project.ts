/**
 * The project that the commands of the docs are run in: a folder with the configuration, the bindings and the files that they
 * name. Its configuration has the source `shop`, and one source for each setting that `docs/settings.md` shows.
 */

import { execFileSync } from 'node:child_process'
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { ROOT } from '../../scripts/setup.mjs'
import type { Block } from './blocks.ts'
import { isCode, projectPath } from './modules.ts'

/** A source with one setting, and whose commands are about it. */
export interface SettingSource {
  /** Heading of the section that shows it. */
  heading: string
  name: string
  /** Code of the setting. */
  code: string
}

/** Page whose sections each have a source of their own. */
export const SETTINGS_PAGE = 'docs/settings.md'

/** What everything else is about. */
const SHOP = `{ name: 'shop', writeKeys: ['wk_shop'], secretKeyVar: 'SHOP_SECRET_KEY', readTokenVar: 'SHOP_READ_TOKEN', plan }`

const PLAN = `
const plan = definePlan({
  mode: 'warn',
  events: {
    'Order Completed': {
      version: '1-0-0',
      owner: 'shop',
      description: 'A person has paid.',
      properties: z.object({ order_id: z.string(), revenue: z.number() }),
    },
  },
})
`

/** Sources of the settings page, in its order. */
export function findSettingSources(blocks: readonly Block[]): SettingSource[] {
  const settings = blocks.filter(
    ({ file, marks }) => file === SETTINGS_PAGE && marks.given === 'setting of a source',
  )
  return settings.map(({ heading, code }, index) => ({ heading, code, name: `shop_${index + 1}` }))
}

/** Name of the secret with the secret key of a source. */
export function secretKeyVar(name: string): string {
  return `${name.toUpperCase()}_SECRET_KEY`
}

/** Text of `millrace.config.ts`. */
function configText(sources: readonly SettingSource[]): string {
  const own = sources.map(
    ({ name, code }) =>
      `{ name: '${name}', writeKeys: ['wk_${name}'], secretKeyVar: '${secretKeyVar(name)}',\n${code}}`,
  )
  const measures = `measures: [{ name: 'revenue', path: 'properties.revenue', events: ['Order Completed'] }]`
  return `import { defineConfig, definePlan } from 'millrace/config'
import { z } from 'zod'
${PLAN}
export const transform = (event: { event: string }) => event
export default defineConfig({
  sources: [${[SHOP, ...own].join(',\n')}],
  development: { ip: 'keep', plan, ${measures} },
})
`
}

/** Makes the folder anew and gives its path. */
export async function makeProject(blocks: readonly Block[]): Promise<string> {
  const folder = projectPath('project')
  await rm(folder, { recursive: true, force: true })
  await mkdir(join(folder, 'cli/fixtures'), { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await writeFile(join(folder, 'millrace.config.ts'), configText(findSettingSources(blocks)))
  await copyFile(join(ROOT, 'wrangler.toml'), join(folder, 'wrangler.toml'))
  for (const name of ['cli/fixtures/combined.log', 'access.log'])
    await copyFile(join(ROOT, 'cli/fixtures/combined.log'), join(folder, name))
  await writeFiles(blocks, folder)
  commit(folder)
  return folder
}

/** Files that the pages show, under the names that their marks say, and as `.gz`. */
async function writeFiles(blocks: readonly Block[], folder: string): Promise<void> {
  const shown = blocks.filter((block) => block.marks.file !== undefined && !isCode(block))
  const files = new Map(shown.map(({ marks, code }) => [marks.file ?? '', code]))
  for (const [name, text] of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
    await writeFile(join(folder, `${name}.gz`), gzipSync(text))
  }
  await writeFile(join(folder, 'catalogue.csv'), 'product_id,name,price\np1,Tea,2.50\n')
  await writeFile(
    join(folder, 'access.log.gz'),
    gzipSync('203.0.113.7 - - [21/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "Mozilla/5.0"\n'),
  )
}

/** Plans are compared with those of a commit. */
function commit(folder: string): void {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, stdio: 'pipe' })
  git('init', '--quiet', '--initial-branch', 'main')
  git('add', 'millrace.config.ts', 'package.json')
  git('-c', 'user.name=test', '-c', 'user.email=test@localhost', 'commit', '--quiet', '--message', 'begin')
}
