/** Finds every fenced code block of the repository's Markdown files, with the marks that stand above it. Checks nothing. */

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../scripts/setup.mjs'
import { type Marks, parseMarks } from './marks.ts'

/** A fenced code block. */
export interface Block {
  /** Path of the Markdown file, relative to the repository's root. */
  file: string
  /** Line of the opening fence, from 1. The first line of the code is the next one. */
  line: number
  /** First word behind the fence, in lower case; empty where there is none. */
  language: string
  /** Whether it is what a declaration looks like (`ts signature`), which only its own source can compile. */
  isSignature: boolean
  /** The text between the fences, without the fence's indentation, ending in a newline. */
  code: string
  /** The nearest heading above, without its signs. */
  heading: string
  marks: Marks
}

/** Folders of other people's text, and of what is built from ours. */
const FOREIGN = /(^|\/)(node_modules|dist|\.[^/]+)(\/|$)/

/** Every block of every Markdown file, by path and line. */
export function findAllBlocks(): Block[] {
  const files = globSync('**/*.md', { cwd: ROOT, exclude: (path) => FOREIGN.test(path) })
  return files
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted()
    .flatMap((file) => findBlocks(file, readFileSync(join(ROOT, file), 'utf8')))
}

/**
 * Blocks of one Markdown text, in its order. A block that is never closed goes to the end, as CommonMark has it.
 *
 * @param file what the blocks say that they are of
 */
export function findBlocks(file: string, text: string): Block[] {
  const lines = text.split('\n')
  const blocks: Block[] = []
  let heading = ''
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? ''
    heading = /^#{1,6} (.*)$/.exec(line)?.[1] ?? heading
    const [, indent, fence, info] = /^([ \t]*)(`{3,}|~{3,})([^`]*)$/.exec(line) ?? []
    if (indent === undefined || fence === undefined) continue
    const end = findEnd(lines, index + 1, fence)
    blocks.push({
      file,
      line: index + 1,
      language: /^\s*([\w+-]*)/.exec(info ?? '')?.[1]?.toLowerCase() ?? '',
      isSignature: /\bsignature\b/.test(info ?? ''),
      code: lines
        .slice(index + 1, end)
        .map((code) => `${outdent(code, indent.length)}\n`)
        .join(''),
      heading,
      marks: parseMarks(lines[index - 1] ?? ''),
    })
    index = end
  }
  return blocks
}

/** Where a block is, as an editor takes it. */
export function placeOf({ file, line }: Pick<Block, 'file' | 'line'>): string {
  return `${file}:${line}`
}

/** A closing fence is of the same sign and at least as long (CommonMark 0.31, section 4.5). */
function findEnd(lines: readonly string[], from: number, fence: string): number {
  const closing = new RegExp(`^[ \\t]*\\${fence[0]}{${fence.length},}[ \\t]*$`)
  const end = lines.findIndex((line, index) => index >= from && closing.test(line))
  return end === -1 ? lines.length : end
}

function outdent(line: string, width: number): string {
  return line.slice(Math.min(width, /^[ \t]*/.exec(line)?.[0].length ?? 0))
}
