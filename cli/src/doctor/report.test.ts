import { describe, expect, it } from 'vitest'
import { findingsOf, hideSecrets } from './finding.ts'
import { countFindings, formatFindings } from './report.ts'

const { ok, warning, problem, unknown } = findingsOf('ClickHouse')

describe('formatFindings', () => {
  const findings = [
    ok('version', '26.7'),
    findingsOf('configuration').warning(
      'origins of shop',
      'any site may send '.repeat(8).trim(),
      'set allowedOrigins',
    ),
    problem(
      'tables',
      '1 migration pending',
      `apply it: \`npx millrace migrate --clickhouse-url https://${'a'.repeat(80)}\` and look`,
    ),
    unknown('rights', 'no \u{1b}[31m answer'),
  ]
  const text = formatFindings(findings)

  it('groups by subject, with a word for each state and what to do below', () => {
    expect(text.split('\n').slice(0, 3)).toEqual([
      'configuration',
      '  WARNING    origins of shop: any site may send any site may send any site may',
      '             send any site may send any site may send any site may send any site',
    ])
    expect(text).toContain(
      '\n\nClickHouse\n  ok         version: 26.7\n  PROBLEM    tables: 1 migration pending\n',
    )
    expect(text).toMatch(/\n\n1 problem, 1 warning, 1 not checked, 1 ok\n$/)
  })

  it('keeps to 80 columns but for a command, which stays whole', () => {
    const wide = text.split('\n').filter((line) => line.length > 80)
    expect(wide).toEqual([`             \`npx millrace migrate --clickhouse-url https://${'a'.repeat(80)}\``])
  })

  it('prints nothing that a terminal would obey', () => {
    expect(text).toContain('unchecked  rights: no \\u{1b}[31m answer')
  })

  it('does not count what there is none of', () => {
    expect(formatFindings([problem('a', 'b', 'c'), problem('d', 'e', 'f')])).toMatch(/\n\n2 problems\n$/)
    expect(formatFindings([ok('a', 'b')])).toMatch(/\n\n1 ok\n$/)
  })

  it('counts', () => {
    expect(countFindings([ok('a', 'b'), ok('c', 'd'), warning('e', 'f', 'g')])).toEqual({
      ok: 2,
      warning: 1,
      problem: 0,
      unknown: 0,
    })
  })
})

describe('hideSecrets', () => {
  it('hides every value, also where one is a part of another, in what is said and in what is to be done', () => {
    const found = [problem('a', 'Bearer abcdef-long refused, abcdef', 'set abcdef-long'), ok('b', 'nothing')]
    expect(hideSecrets(found, ['abcdef', 'abcdef-long', ''])).toEqual([
      problem('a', 'Bearer [HIDDEN] refused, [HIDDEN]', 'set [HIDDEN]'),
      ok('b', 'nothing'),
    ])
  })
})
