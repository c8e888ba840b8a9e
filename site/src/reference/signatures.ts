/** Declarations as they are shown: without body and docstring, otherwise as the source has them. */

import ts from 'typescript'

/** Longest list of parameters on one line. */
const MAX_LINE = 80

/** How a function or method is called. */
export function callOf(node: ts.SignatureDeclaration, name = node.name?.getText() ?? ''): string {
  const types = node.typeParameters === undefined ? '' : `<${listOf(node.typeParameters)}>`
  const given = node.parameters.map(parameterOf)
  const short = given.join(', ')
  const inside = short.length > MAX_LINE ? `\n  ${given.join(',\n  ')},\n` : short
  return `${name}${types}(${inside})${typeOf(node.type)}`
}

/** First line of an interface or class. */
export function headOf(node: ts.InterfaceDeclaration | ts.ClassDeclaration): string {
  const word = ts.isClassDeclaration(node) ? 'class' : 'interface'
  const parameters = node.typeParameters === undefined ? '' : `<${listOf(node.typeParameters)}>`
  const heritage = (node.heritageClauses ?? []).map((clause) => ` ${oneLine(clause.getText())}`).join('')
  return `${word} ${node.name?.text ?? ''}${parameters}${heritage}`
}

/** A type's declaration; where its fields are told of one by one, `{ … }` stands for them. */
export function shortAlias(node: ts.TypeAliasDeclaration, hasMembers: boolean): string {
  const text = dedent(node).replace(/^export /, '')
  if (!hasMembers) return text
  const literals = ts.isIntersectionTypeNode(node.type) ? node.type.types : [node.type]
  const short = literals
    .filter(ts.isTypeLiteralNode)
    .reduce((all, literal) => all.replace(dedent(literal), '{ … }'), text)
  return oneLine(short)
}

/** `: type`, or nothing. */
export function typeOf(type: ts.TypeNode | undefined): string {
  return type === undefined ? '' : `: ${dedent(type)}`
}

/** Text as if its first line were not indented. */
export function dedent(node: ts.Node): string {
  const { text } = node.getSourceFile()
  const lineStart = text.lastIndexOf('\n', node.getStart()) + 1
  const indent = /^ */.exec(text.slice(lineStart))?.[0].length ?? 0
  if (indent === 0) return node.getText()
  return node.getText().replace(new RegExp(`\\n {1,${indent}}`, 'g'), '\n')
}

/** A default makes a parameter one that may be left out; what is taken apart is called `options`. */
function parameterOf(node: ts.ParameterDeclaration): string {
  const dots = node.dotDotDotToken === undefined ? '' : '...'
  const name = ts.isIdentifier(node.name) ? node.name.text : 'options'
  const mark = node.questionToken === undefined && node.initializer === undefined ? '' : '?'
  return `${dots}${name}${mark}${typeOf(node.type)}`
}

function listOf(nodes: readonly ts.Node[]): string {
  return nodes.map((node) => oneLine(node.getText())).join(', ')
}

/** Text on one line; where a line break ended a field of a type, a semicolon does. */
export function oneLine(text: string): string {
  return text
    .replace(/\/\*\*.*?\*\//gs, '')
    .replace(/([^\s{;,|&(=<>])\n\s*(?=[\w[])/g, '$1; ')
    .replace(/\s+/g, ' ')
    .replace(/<\s+|,?\s+(?=>)(?<!=)/g, (part) => part.trim().replace(',', ''))
}
