/** Checks HTML examples: well-formed, scripts that compile, our snippet as it is now, integrity values that can be right. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Script } from 'node:vm'
import { parse } from '@vue/compiler-dom'
import { ROOT } from '../../scripts/setup.mjs'
import { type Block, placeOf } from './blocks.ts'
import type { Finding } from './compile.ts'

/** What every stub begins with: it leaves a page alone that has one. */
const STUB_START = '((e,t)=>{if(e[t])'

/** Bytes of a digest by its name (W3C Subresource Integrity, section 3.1). */
const DIGEST_BYTES: Readonly<Record<string, number>> = { sha256: 32, sha384: 48, sha512: 64 }

interface ScriptTag {
  attributes: string
  text: string
}

/** What is wrong with a block of HTML. */
export function checkHtml(block: Block): Finding[] {
  const scripts = findScripts(block.code)
  const messages = [
    ...findMalformed(block.code),
    ...scripts.filter(({ attributes }) => !isModule(attributes)).flatMap(({ text }) => findUncompiled(text)),
    ...scripts.flatMap(({ text }) => findOldStub(text)),
    ...[...block.code.matchAll(/<(?:script|link)\b[^>]*>/g)].flatMap(([tag]) => findWrongIntegrity(tag)),
  ]
  return messages.map((message) => ({ place: placeOf(block), message }))
}

/** Inline module scripts as blocks of JavaScript of their own, to be compiled with the others. */
export function moduleScripts(block: Block): Block[] {
  const scripts = [...block.code.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/g)]
  return scripts
    .filter(([, attributes = '']) => isModule(attributes))
    .map((match) => {
      const [, , text = ''] = match
      const start = (match.index ?? 0) + match[0].indexOf('>') + 1
      const line = block.line + block.code.slice(0, start).split('\n').length - 1
      return { ...block, line, language: 'js', code: text, marks: { given: 'the snippet' } }
    })
}

function findScripts(html: string): ScriptTag[] {
  return [...html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/g)].map(
    ([, attributes = '', text = '']) => ({ attributes, text }),
  )
}

function isModule(attributes: string): boolean {
  return /type="?module/.test(attributes)
}

function findMalformed(html: string): string[] {
  const messages: string[] = []
  parse(html, { parseMode: 'html', onError: ({ message }) => void messages.push(message) })
  return messages
}

function findUncompiled(text: string): string[] {
  try {
    new Script(text)
    return []
  } catch (error) {
    return [String(error)]
  }
}

function findOldStub(text: string): string[] {
  const line = text.split('\n').find((one) => one.trimStart().startsWith(STUB_START))
  if (line === undefined) return []
  const stub = readFileSync(join(ROOT, 'sdk-web/dist/stub.js'), 'utf8').trim()
  return line.trim() === stub ? [] : ['the snippet is not that of sdk-web/dist/stub.js']
}

function findWrongIntegrity(tag: string): string[] {
  const [, value] = /\bintegrity="([^"]*)"/.exec(tag) ?? []
  if (value === undefined) return []
  const hashes = value.trim().split(/\s+/)
  const wrong = hashes.filter((hash) => {
    const [, name = '', digest = ''] = /^(sha\d+)-([A-Za-z0-9+/]+={0,2})$/.exec(hash) ?? []
    return Buffer.from(digest, 'base64').length !== DIGEST_BYTES[name]
  })
  const noCors = /\bcrossorigin\b/.test(tag) ? [] : ['integrity of another origin needs crossorigin']
  return [...wrong.map((hash) => `${hash} is no integrity value`), ...noCors]
}
