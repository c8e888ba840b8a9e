/**
 * Every fenced block of every Markdown file is of a language that something checks, or marked as not run with a reason that
 * `unrun.ts` lists. What can be said without running anything is said here; `run.test.ts` runs the rest.
 */

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/setup.mjs'
import { type Block, findAllBlocks, placeOf } from './blocks.ts'
import { checkCommands, isShell } from './commands.ts'
import { compile, type Finding } from './compile.ts'
import { checkData, checkWranglerFiles, isData } from './data-formats.ts'
import { checkHtml, moduleScripts } from './html.ts'
import { isCode, type Module, projectPath, writeModules } from './modules.ts'
import { UNRUN } from './unrun.ts'

/** Accepted as they are: nothing could be wrong with them that a program would notice. */
const PLAIN = ['text', 'diff', 'dockerfile', 'md', 'markdown']

const blocks = findAllBlocks()
const isRun = ({ marks }: Block) => marks.notRun === undefined
const html = blocks.filter(({ language }) => language === 'html')

describe('the blocks', () => {
  it('are of languages that are checked', () => {
    const isKnown = (block: Block) =>
      block.isSignature ||
      isCode(block) ||
      isShell(block) ||
      isData(block) ||
      ['html', 'http', 'sql', ...PLAIN].includes(block.language)
    const unknown = blocks.filter((block) => isRun(block) && !isKnown(block))
    expect(
      unknown.map(
        (block) => `${placeOf(block)} is of the language "${block.language}": mark it, or call it text`,
      ),
    ).toEqual([])
  })

  it('are all run but those that test/docs/unrun.ts lists', () => {
    const unrun: Record<string, Record<string, number>> = {}
    for (const { file, marks } of blocks) {
      if (marks.notRun === undefined) continue
      const pages = unrun[marks.notRun] ?? {}
      unrun[marks.notRun] = { ...pages, [file]: (pages[file] ?? 0) + 1 }
    }
    expect(unrun).toEqual(UNRUN)
  })
})

describe('TypeScript and JavaScript', () => {
  const folder = projectPath('blocks')
  let modules: Module[] = []
  let findings: Finding[] = []

  beforeAll(async () => {
    const code = [...blocks.filter(isCode), ...html.flatMap(moduleScripts)].filter(isRun)
    expect(code.length).toBeGreaterThan(50)
    modules = await writeModules(code, folder)
    findings = await compile(modules, folder)
  }, 60_000)

  it('of all pages compiles', () => expect(findings).toEqual([]))

  it('that is a configuration is one', async () => {
    const configs = modules.filter(({ isConfig }) => isConfig)
    expect(configs.length).toBeGreaterThan(20)
    const program = join(ROOT, 'test/docs/load-configs.ts')
    const { stdout } = await promisify(execFile)(process.execPath, [
      program,
      ...configs.map(({ path }) => path),
    ])
    const messages: Record<string, string> = JSON.parse(stdout)
    const wrong = configs.flatMap(({ block, path }) =>
      path in messages ? [`${placeOf(block)}: ${messages[path]}`] : [],
    )
    expect(wrong).toEqual([])
  }, 30_000)
})

describe('HTML', () => {
  it.each(html.filter(isRun).map((block) => [placeOf(block), block] as const))(
    'of %s is well-formed',
    (_, block) => expect(checkHtml(block)).toEqual([]),
  )
})

describe('data', () => {
  it.each(
    blocks.filter((block) => isData(block) && isRun(block)).map((block) => [placeOf(block), block] as const),
  )('of %s can be read', (_, block) => expect(checkData(block)).toEqual([]))

  it('of wrangler.toml are read by wrangler without a remark', async () => {
    const files = blocks.filter((block) => block.language === 'toml' && isRun(block))
    expect(files).not.toEqual([])
    expect(await checkWranglerFiles(files)).toEqual([])
  }, 60_000)
})

describe('commands', () => {
  const scripts = blocks.filter(isShell)
  it.each([...Map.groupBy(scripts, ({ file }) => file)])('of %s could be typed', (_, own) =>
    expect(own.flatMap(checkCommands)).toEqual([]),
  )
})
