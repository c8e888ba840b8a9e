/** The runbook keeps up with the code: every alarm is in it, and every command that it names exists. */

import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createSink } from '../fakes.ts'
import { runProgram } from '../program.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..')

const RUNBOOK = readFileSync(join(ROOT, 'docs/runbook.md'), 'utf8')

/** Sources by path, without tests. */
function readSources(pattern: string): [path: string, text: string][] {
  return globSync(pattern, { cwd: ROOT })
    .filter((path) => !path.endsWith('.test.ts'))
    .map((path) => [path, readFileSync(join(ROOT, path), 'utf8')])
}

/** Sites that give a line its level or its name other than by a word that stands there, and what it may be. */
const COMPUTED: Record<string, string[]> = {
  'collector/src/query/answer.ts': ['query_failed'],
  'consumers/src/events-handler.ts': ['sink_failed', 'sink_pressure'],
  'consumers/src/failure-log.ts': ['sink_failed', 'sink_pressure'],
  'consumers/src/monitors/desk.ts': ['monitor_firing'],
  'consumers/src/monitors/evaluate.ts': ['monitor_facts_unknown', 'monitor_warehouse_unreachable'],
  'consumers/src/retry-handler.ts': [
    'sink_failed',
    'sink_pressure',
    'dead_queue_failed',
    'retry_queue_failed',
  ],
  'consumers/src/spill.ts': ['spill_drained'],
}

/** Words after `level:` of a log line, and of its `event:` as far as it is in the same object. */
const LINE = /\blevel(?::\s*([^,}]+))?,(?:(?!\blevel\b)[^{}]){0,400}?\bevent(?::\s*('(\w+)'|[^,}]+))?[,\s}]/g

/** Lines that are given their level elsewhere. */
const WARN = /\bwarn\([^{}()]*(?:\([^()]*\))?[^{}()]*(?:\([^()]*\))?[^{}()]*\{\s*event: '(\w+)'/g

/** Names of lines of level error or warn, and the files that compute a name or a level. */
function findAlarms(sources: readonly [string, string][]): { names: Set<string>; computed: Set<string> } {
  const names = new Set<string>()
  const computed = new Set<string>()
  for (const [path, text] of sources) {
    for (const [, level = '', , name] of text.matchAll(LINE)) {
      if (level === "'info'" || path.startsWith('schemas/')) continue
      if (name !== undefined) names.add(name)
      if (name === undefined || !/^'(error|warn)'$/.test(level)) computed.add(path)
    }
    for (const [, name = ''] of text.matchAll(WARN)) names.add(name)
  }
  return { names, computed }
}

const SOURCES = readSources('{collector,consumers,schemas}/src/**/*.ts')

describe('alarms of the runbook', () => {
  const { names, computed } = findAlarms(SOURCES)

  it('finds the names of lines however the call is written', () => {
    const found = findAlarms([
      ['a.ts', "log({ level: 'error', event: 'one', error })\nlog({\n  level: 'warn',\n  event: 'two',\n})"],
      ['b.ts', "log({ level: 'info', event: 'three' })\ncache.warn(keys[index] ?? '', { event: 'four', n })"],
      ['c.ts', 'log({ level: isBad ? a : b, event, sink })'],
    ])
    expect([...found.names]).toEqual(['one', 'two', 'four'])
    expect([...found.computed]).toEqual(['c.ts'])
    expect(names.size).toBeGreaterThan(40)
  })

  it('has every line of level error or warn', () => {
    const all = [...names, ...Object.values(COMPUTED).flat()]
    expect(all.filter((name) => !RUNBOOK.includes(`\`${name}\``)).sort()).toEqual([])
  })

  it('knows every place where a name is computed, and what comes out of it', () => {
    // Both ways: a place that is gone is struck off the list.
    expect([...computed].filter((path) => !path.startsWith('collector/src/bad-input')).sort()).toEqual(
      Object.keys(COMPUTED).sort(),
    )
    for (const [path, events] of Object.entries(COMPUTED)) {
      const text = SOURCES.find(([one]) => one === path)?.[1] ?? ''
      for (const event of events) expect(text).toContain(event.replace(/^(dead|retry)(_queue_failed)$/, '$2'))
    }
  })

  it('has every kind of monitor and every stage', () => {
    const text = (path: string) => readFileSync(join(ROOT, path), 'utf8')
    const kinds = [
      ...text('schemas/src/live/monitor-schema.ts').matchAll(/\.\.\.BASE,\s*kind: z\.literal\('(\w+)'\)/g),
    ]
    const stages = /MONITOR_STAGES = \[([^\]]*)\]/.exec(text('schemas/src/live/monitor-definition.ts'))?.[1]
    const words = [...kinds.map(([, kind]) => kind), ...(stages?.match(/\w+/g) ?? []), 'closed']
    expect(words.length).toBeGreaterThanOrEqual(15)
    expect(words.filter((word) => !RUNBOOK.includes(`| \`${word}\` |`))).toEqual([])
  })
})

/** Commands by their words, and the options that are given with each. */
function findCommands(text: string): { words: string[]; options: string[] }[] {
  // Between backticks, which a template has behind a backslash, or on a line of its own.
  const typed = [
    ...text.matchAll(/\\?`(?:[A-Z_]+=\S+ )?(?:npx )?millrace ([a-z][^`\\]*)\\?`/g),
    ...text.matchAll(/^npx millrace (.*)$/gm),
  ]
  return typed.map(([, code = '']) => {
    const parts = code.trim().split(/\s+/)
    const end = parts.findIndex((part) => !/^[a-z]+$/.test(part))
    return {
      words: parts.slice(0, end === -1 ? undefined : end),
      options: parts.filter((part) => part.startsWith('--')),
    }
  })
}

async function help(words: readonly string[]): Promise<string> {
  const [stdout, stderr] = [createSink(), createSink()]
  const code = await runProgram({
    args: [...words, '--help'],
    env: {},
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
  })
  return code === 0 ? stdout.text() : ''
}

/** Words that are a command, not the argument of one: the help of `import ndjson` is another than that of `import`. */
async function helpOf(words: readonly string[]): Promise<string> {
  const [family = '', second] = words
  const top = await help([])
  if (!new RegExp(`^  ${family}\\b`, 'm').test(top)) return ''
  const own = await help([family])
  const hasSecond = second !== undefined && new RegExp(`^  ${second}\\b`, 'm').test(own)
  if (hasSecond) return help([family, second])
  // A word that is neither a command nor may be an argument is a mistake.
  const takesArguments = /^Usage: .*[[<]/m.test(own.replace('[options]', '')) && !/^Commands:/m.test(own)
  return second === undefined || takesArguments ? own : ''
}

describe('commands of the runbook and of the doctor', () => {
  const doctor = readSources('cli/src/doctor/*.ts').map(([, text]) => text)
  const commands = [RUNBOOK, ...doctor].flatMap(findCommands)

  it('exist, with the options that they are given', async () => {
    expect(commands.length).toBeGreaterThan(40)
    const wrong: string[] = []
    for (const { words, options } of commands) {
      const text = await helpOf(words)
      const missing = options.filter((option) => !new RegExp(`(^|\\s)${option}\\b`).test(text))
      if (text === '' || missing.length > 0) wrong.push([...words, ...missing].join(' '))
    }
    expect(wrong).toEqual([])
  })

  it('would not find a command or an option that is none', async () => {
    expect(await helpOf(['spil', 'drain'])).toBe('')
    expect(await helpOf(['spill', 'empty'])).toBe('')
    expect(await helpOf(['spill', 'drain'])).not.toMatch(/(^|\s)--force\b/)
  })
})

describe('headings of the runbook', () => {
  const headings = [...RUNBOOK.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading)

  it('are there for everything that the doctor and the runbook itself point to', () => {
    const pointed = readSources('cli/src/doctor/*.ts').flatMap(([, text]) =>
      [...text.matchAll(/docs\/runbook\.md, \\?"([^"\\]+)\\?"/g)].map(([, heading = '']) => heading),
    )
    expect(pointed.length).toBeGreaterThan(4)
    expect(pointed.filter((heading) => !headings.includes(heading))).toEqual([])
    const anchors = [...RUNBOOK.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor)
    const known = headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .replaceAll(' ', '-'),
    )
    expect(anchors.filter((anchor) => !known.includes(anchor))).toEqual([])
  })
})
