/** The list of log events in `docs/observability.md` is closed: what the code writes is in it, and nothing else is. */

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ROOT } from '../../scripts/setup.mjs'

/** Those whose name is put together where they are written. */
const MADE = [
  'dead_queue_failed',
  'retry_queue_failed',
  'sink_failed',
  'sink_pressure',
  'monitor_facts_unknown',
]

function findWritten(): string[] {
  const files = globSync('{collector,consumers,schemas}/src/**/*.ts', { cwd: ROOT })
  const texts = files
    .filter((file) => !/\.test\.ts$|fakes\.ts$/.test(file))
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
  const found = texts.flatMap((text) => [
    // `level` and `event` of one object, or an event in a record that is given its level elsewhere.
    ...[...text.matchAll(/level(?::[^{}]*)?, event: '(\w+)'/g)].map(([, name = '']) => name),
    ...[...text.matchAll(/\bwarn\([^{}]*\{ event: '(\w+)'/g)].map(([, name = '']) => name),
    ...[...text.matchAll(/record = \{ event: '(\w+)'/g)].map(([, name = '']) => name),
    ...[...text.matchAll(/level: [^{}]*?,\s+event: '(\w+)'/g)].map(([, name = '']) => name),
  ])
  return [...new Set([...found, ...MADE])].toSorted()
}

function readDocumented(): string[] {
  const text = readFileSync(join(ROOT, 'docs/observability.md'), 'utf8')
  const section = text.slice(text.indexOf('## The log'))
  return [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name).toSorted()
}

it('the log has the events that its documentation lists', () => {
  expect(readDocumented()).toEqual(findWritten())
})
