/** A reference page as Markdown. */

import type { Address } from './anchors.ts'
import type { Member } from './members.ts'
import type { Reference } from './packages.ts'
import { hasHeading, type Part, planPage } from './plan-page.ts'
import type { Entry, Export } from './read-exports.ts'
import { oneLine } from './signatures.ts'

/** Says that the file is made, and how. */
export const HEADER = '<!-- Made by `node site/src/references.ts` from the sources. Change those. -->\n\n'

/** With more names from an import path before, it is said what is the same. */
const MAX_AGAIN = 10

/** How the page writes. */
interface Style {
  address: Address
  /** Makes a signature readable. */
  plain(signature: string): string
}

/** Writes a page of import paths; what one of them had already is only named at the next. */
export function writeReference(reference: Reference, entries: readonly Entry[]): string {
  const { parts, anchors } = planPage(reference, entries)
  const links = parts.map((part) => `- [${part.title}](#${anchors.ofPart(part)})`)
  const list = parts.length > 1 ? `${links.join('\n')}\n\n` : ''
  const plain = (text: string) =>
    reference.plainly.reduce((all, [pattern, by]) => all.replace(pattern, by), text)
  const body = parts.map((part) => writePart(part, parts[0], { address: anchors.seenFrom(part), plain }))
  return `${HEADER}# ${reference.title}\n\n${reference.intro}\n\n${list}${body.join('')}`.replace(
    /\n+$/,
    '\n',
  )
}

function writePart(part: Part, first: Part | undefined, style: Style): string {
  const names = part.own.filter(({ kind }) => kind !== 'interface' && kind !== 'type').map(({ name }) => name)
  const code = part.path === undefined || names.length === 0 ? '' : fence(importOf(names, part.path), 'ts')
  const body = part.own.map((found) => writeExport(found, style)).join('')
  return `## ${part.title}\n\n${withLinks(part.text, style)}\n\n${code}${writeAgain(part, first, style)}${body}`
}

function importOf(names: readonly string[], path: string): string {
  return `import { ${[...names].sort().join(', ')} } from '${path}'`
}

function writeAgain({ again, own }: Part, first: Part | undefined, style: Style): string {
  if (again.length === 0) return ''
  const here = new Set([...again, ...own].map(({ name }) => name))
  const hasAll = first?.own.every(({ name }) => here.has(name))
  if (again.length > MAX_AGAIN && hasAll) return `It also exports everything else of ${first?.title}.\n\n`
  const links = again.map(({ name }) => linkTo(name, style)).sort()
  return `It also exports ${links.join(', ')}.\n\n`
}

function writeExport(found: Export, style: Style): string {
  const { name, doc, members } = found
  const listed = members.filter((member) => !hasHeading(member) && !member.from)
  const parts = [
    `### ${name}`,
    writeSignature(found, style),
    writeDoc(doc, style),
    listed.map((member) => writeListed(member, found, style)).join('\n'),
    writeInherited(members, style),
    ...members.filter(hasHeading).map((method) => writeMethod(name, method, style)),
  ]
  return `${parts.filter((text) => text !== '').join('\n\n')}\n\n`
}

/** The name of an interface alone says nothing. */
function writeSignature({ signatures, name }: Export, { plain }: Style): string {
  const text = signatures.map(plain).join('\n')
  return text === `interface ${name}` ? '' : fence(text, 'ts signature').trimEnd()
}

function writeDoc({ text, params, returns, throws, examples }: Export['doc'], style: Style): string {
  const said = params.filter(([, about]) => about !== '').map(([name, about]) => `- \`${name}\`: ${about}`)
  const parts = [
    text,
    said.join('\n'),
    returns === '' ? '' : sentence(`Returns ${returns}`),
    ...throws.map((about) => sentence(`Throws: ${about}`)),
    ...examples.map((code) => fence(code, 'ts').trimEnd()),
  ]
  return withLinks(parts.filter((part) => part !== '').join('\n\n'), style)
}

/** A field, or a method of which its name says all. */
function writeListed(member: Member, owner: Export, style: Style): string {
  const [call] = member.signatures
  if (call !== undefined) return `- **\`${member.name}\`** (\`${style.plain(oneLine(call))}\`)`
  const type = plainType(member)
  const [known, ...others] = owner.refersTo.filter(({ name }) => new RegExp(`\\b${name}\\b`).test(type))
  const anchor = known === undefined || others.length > 0 ? undefined : style.address(known.name)
  const shown = anchor === undefined ? `\`${type}\`` : `[\`${type}\`](#${anchor})`
  const head = `- **\`${member.name}\`** (${shown}${member.isOptional ? ', optional' : ''})`
  // A type that is told of somewhere says what the field is, where the field does not.
  const about = writeDoc(member.doc, style) || firstSentence(known?.doc.text ?? '')
  return about === '' ? head : `${head}: ${withLinks(about, style).replaceAll('\n', '\n  ')}`
}

function firstSentence(text: string): string {
  const [paragraph = ''] = text.split('\n')
  return /^.*?\.(?= [A-Z]|$)/.exec(paragraph)?.[0] ?? ''
}

/** The type on one line, without the `undefined` that `optional` says already. */
function plainType({ type, isOptional }: Member): string {
  const line = oneLine(type).replace(/^\| /, '')
  const short = isOptional ? line.replace(/ \| undefined$/, '') : line
  return /^\((\(.*\) => [^()]*)\)$/.exec(short)?.[1] ?? short
}

function writeInherited(members: readonly Member[], style: Style): string {
  const bases = Map.groupBy(
    members.filter(({ from }) => from !== undefined),
    ({ from }) => from,
  )
  const lines = [...bases].map(([base, all]) => {
    const names = all.map(({ name }) => `\`${name}\``).join(', ')
    return `From ${linkTo(base ?? '', style)}: ${names}.`
  })
  return lines.join('\n\n')
}

function writeMethod(owner: string, method: Member, style: Style): string {
  const code = fence(method.signatures.map(style.plain).join('\n'), 'ts signature')
  return `#### ${owner}.${method.name}\n\n${code}${writeDoc(method.doc, style)}`
}

/** `{@link Name}` as a link where that is on the page. */
function withLinks(text: string, style: Style): string {
  return text.replace(/\{@link (\w+)\}/g, (_, name: string) => linkTo(name, style))
}

function linkTo(name: string, { address }: Style): string {
  const anchor = address(name)
  return anchor === undefined ? `\`${name}\`` : `[\`${name}\`](#${anchor})`
}

function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`
}

function fence(code: string, language: string): string {
  return `\`\`\`${language}\n${code.trim()}\n\`\`\`\n\n`
}
