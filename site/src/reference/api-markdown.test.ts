import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeReference } from './api-markdown.ts'
import { readEntries } from './read-exports.ts'

const SOURCE = `/** Sends things. */

/** The words. */
export const WORDS = ['a', 'b'] as const

/** One of {@link WORDS}. */
export type Word = (typeof WORDS)[number]

/** What all have. */
interface Base {
  /** Default 3. */
  retries?: number | undefined
}

/** Options of {@link send}. */
export interface Options extends Base {
  /** Where to. */
  url: string
  word: Word
  /** Asked
   * for each. */
  pick?: ((word: Word) => string | undefined) | undefined
  /** Stops it. */
  stop(): void
  has(word: Word): boolean
}

/** Hidden. */
export type Inner<T> = { inner: T }

/**
 * Sends a text,
 * once.
 *
 * - first
 *   item
 * - second
 *
 * @param text what to send; see {@link Options}
 * @returns nothing of use
 * @throws TypeError for no text
 * @example
 * import { send } from 'pkg'
 *
 * send('x')
 */
export function send(text: string, options?: Options): void
export function send(text: string, extra: Inner<string>): void
export function send(text: string, options?: Options | Inner<string>): void {
  void [text, options]
}
`

const OTHER = `/** More. */
export type { Options } from './index.ts'

/** The same, otherwise: {@link send}, {@link Options}. */
export function send(options: { a: 1 } = { a: 1 }): void {
  void options
}
`

let folder = ''
let page = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-reference-'))
  writeFileSync(join(folder, 'index.ts'), SOURCE)
  writeFileSync(join(folder, 'other.ts'), OTHER)
  const entries = readEntries([join(folder, 'index.ts'), join(folder, 'other.ts')])
  page = writeReference(
    {
      file: 'x.md',
      title: 'pkg',
      intro: 'Intro.',
      imports: [
        { path: 'pkg', source: 'index.ts' },
        { path: 'pkg/other', source: 'other.ts' },
      ],
      hidden: ['Inner'],
      plainly: [[/Inner<(\w+)>/g, '{ inner: $1 }']],
    },
    entries,
  )
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('reference', () => {
  test('has a section an import path, with what it says of itself and how to import from it', () => {
    expect(page).toContain('- [`pkg`](#pkg)\n- [`pkg/other`](#pkgother)\n- [Other types](#other-types)')
    expect(page).toContain("## `pkg`\n\nSends things.\n\n```ts\nimport { WORDS, send } from 'pkg'\n```")
  })

  test('shows all ways to call a function, written plainly, and all of its docstring', () => {
    expect(page).toContain(
      '### send\n\n```ts signature\nsend(text: string, options?: Options): void\nsend(text: string, extra: { inner: string }): void\n```\n\n' +
        'Sends a text, once.\n\n- first item\n- second\n\n- `text`: what to send; see [`Options`](#options)\n\n' +
        "Returns nothing of use.\n\nThrows: TypeError for no text.\n\n```ts\nimport { send } from 'pkg'\n\nsend('x')\n```",
    )
  })

  test('lists fields with their types, and says of one without docstring what its type is', () => {
    expect(page).toContain('- **`url`** (`string`): Where to.\n- **`word`** ([`Word`](#word))\n')
    expect(page).toContain(
      '- **`pick`** ([`(word: Word) => string | undefined`](#word), optional): Asked for each.',
    )
    expect(page).toContain('- **`has`** (`has(word: Word): boolean`)')
    expect(page).toContain('#### Options.stop\n\n```ts signature\nstop(): void\n```\n\nStops it.')
    expect(page).toContain('From [`Base`](#base): `retries`.')
  })

  test('tells of types that cannot be imported at the end, of words as what they are, and not of hidden ones', () => {
    expect(page).toMatch(
      /## Other types\n.*### Base\n\nWhat all have\.\n\n- \*\*`retries`\*\* \(`number`, optional\): Default 3\./s,
    )
    expect(page).toContain("### Word\n\n```ts signature\ntype Word = 'a' | 'b'\n```\n\n##")
    expect(page).not.toContain('Inner')
  })

  test('tells nothing twice, and links to what is nearest', () => {
    expect(page).toContain('It also exports [`Options`](#options).')
    expect(page).toContain('The same, otherwise: [`send`](#send-1), [`Options`](#options).')
    expect(page).toContain('```ts signature\nsend(options?: { a: 1 }): void\n```')
  })
})
