/** A docstring, read: its text and tags as Markdown. */

import ts from 'typescript'

/** What a docstring says. Absent is empty. */
export interface Doc {
  /** Markdown; links to other exports are `{@link Name}` still. */
  text: string
  /** Name and text of each `@param` that says something. */
  params: [name: string, text: string][]
  returns: string
  throws: string[]
  /** Code. */
  examples: string[]
}

/** Reads the docstring of a declaration, the last one in front of it. */
export function readDoc(node: ts.Node): Doc {
  const blocks = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)
  const block = blocks.at(-1)
  const doc: Doc = { text: '', params: [], returns: '', throws: [], examples: [] }
  if (block === undefined) return doc
  doc.text = textOf(block.comment)
  for (const tag of block.tags ?? []) addTag(doc, tag)
  return doc
}

/** The docstring that a file begins with. */
export function readFileDoc(source: ts.SourceFile): string {
  const match = /^\/\*\*(.*?)\*\//s.exec(source.text)
  const lines = (match?.[1] ?? '').split('\n').map((line) => line.replace(/^\s*\* ?/, ''))
  return unfold(lines.join('\n').trim())
}

function addTag(doc: Doc, tag: ts.JSDocTag): void {
  const text = textOf(tag.comment)
  if (ts.isJSDocParameterTag(tag)) doc.params.push([tag.name.getText(), text])
  else if (ts.isJSDocReturnTag(tag)) doc.returns = text
  else if (tag.tagName.text === 'example') doc.examples.push(rawOf(tag.comment))
  else if (tag.tagName.text === 'throws') {
    // TypeScript takes the first word for a type, and leaves it out.
    doc.throws.push(unfold(bodyOf(tag)))
  }
}

function bodyOf(tag: ts.JSDocTag): string {
  const lines = tag
    .getText()
    .replace(/^@\w+\s*/, '')
    .split('\n')
  return lines
    .map((line) => line.replace(/^\s*\*(?!\*) ?/, ''))
    .join('\n')
    .replace(/\*\/$/, '')
    .trim()
}

function textOf(comment: ts.JSDoc['comment']): string {
  return unfold(rawOf(comment))
}

function rawOf(comment: ts.JSDoc['comment']): string {
  if (comment === undefined) return ''
  if (typeof comment === 'string') return comment
  return comment.map((part) => (part.kind === ts.SyntaxKind.JSDocText ? part.text : part.getText())).join('')
}

/** One line a paragraph and list item: how the source was broken into lines says nothing. */
function unfold(text: string): string {
  const lines: string[] = []
  for (const line of text.split('\n')) {
    const last = lines.at(-1)
    const begins = line.trim() === '' || /^\s*(- |\||```|\d+\. )/.test(line)
    if (begins || last === undefined || last === '' || last.startsWith('|')) lines.push(line.trim())
    else lines[lines.length - 1] = `${last} ${line.trim()}`
  }
  return lines.join('\n').trim()
}
