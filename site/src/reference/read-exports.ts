/** What can be imported from an import path, with its docstrings, read from the sources. */

import ts from 'typescript'
import { type Doc, readDoc, readFileDoc } from './doc-comment.ts'
import { type Member, membersOf } from './members.ts'
import { callOf, dedent, headOf, shortAlias, typeOf } from './signatures.ts'

/** One export, or a type that one refers to. */
export interface Export {
  name: string
  kind: 'function' | 'class' | 'interface' | 'type' | 'value'
  doc: Doc
  /** Declared text without body and docstring; of a function, all ways to call it. */
  signatures: string[]
  members: Member[]
  /** Where it is declared; the same for an export of two import paths. */
  declaredAt: string
  /** Types of the repository that its declaration names, in order. */
  refersTo: Export[]
}

/** An import path. */
export interface Entry {
  /** The docstring of its file. */
  text: string
  exports: Export[]
}

const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ESNext,
  allowImportingTsExtensions: true,
  noLib: true,
  noEmit: true,
  types: [],
}

/**
 * Reads entries.
 *
 * @param files the source files of the import paths
 */
export function readEntries(files: readonly string[]): Entry[] {
  const program = ts.createProgram([...files], OPTIONS)
  const checker = program.getTypeChecker()
  const read = createReader(checker)
  return files.map((file) => {
    const source = program.getSourceFile(file)
    const symbol = source && checker.getSymbolAtLocation(source)
    if (source === undefined || symbol === undefined) throw new Error(`${file} exports nothing`)
    const exports = checker.getExportsOfModule(symbol).map((found) => read(found, found.name))
    return { text: readFileDoc(source), exports }
  })
}

/** Reads each declaration once: types refer to each other in circles. */
function createReader(checker: ts.TypeChecker): (symbol: ts.Symbol, name: string) => Export {
  const known = new Map<string, Export>()
  const read = (found: ts.Symbol, name: string): Export => {
    const symbol = resolve(checker, found)
    const declarations = (symbol.declarations ?? []).filter((node) => !isImplementation(symbol, node))
    const [node] = declarations
    if (node === undefined) throw new Error(`${name} is declared nowhere`)
    const declaredAt = `${node.getSourceFile().fileName}:${node.pos}`
    const before = known.get(`${name} ${declaredAt}`)
    if (before !== undefined) return before
    const documented = declarations.map(readDoc).find(({ text }) => text !== '')
    const members = membersOf(checker, node)
    const doc = documented ?? readDoc(node)
    const made: Export = {
      name,
      kind: kindOf(node),
      // The words themselves are shown.
      doc: /^One of \{@link \w+\}\.$/.test(doc.text) ? { ...doc, text: '' } : doc,
      signatures: declarations.map((each) => withWords(checker, each, signatureOf(each, name, members))),
      members,
      declaredAt,
      refersTo: [],
    }
    known.set(`${name} ${declaredAt}`, made)
    made.refersTo = declarations
      .flatMap((each) => referred(checker, each))
      .map((type) => read(type, type.name))
    return made
  }
  return read
}

/** The types of the repository that a declaration names; not what stands in the body of a function. */
function referred(checker: ts.TypeChecker, declaration: ts.Node): ts.Symbol[] {
  const found = new Set<ts.Symbol>()
  const visit = (node: ts.Node): void => {
    if (ts.isBlock(node)) return
    const name = ts.isTypeReferenceNode(node) ? node.typeName : undefined
    const base = ts.isExpressionWithTypeArguments(node) ? node.expression : undefined
    const symbol = checker.getSymbolAtLocation(name ?? base ?? node)
    if ((name ?? base) !== undefined && symbol !== undefined) {
      const real = resolve(checker, symbol)
      if (isOurType(real)) found.add(real)
    }
    ts.forEachChild(node, visit)
  }
  ts.forEachChild(declaration, visit)
  return [...found]
}

function isOurType(symbol: ts.Symbol): boolean {
  const [node] = symbol.declarations ?? []
  if (node === undefined || node.getSourceFile().fileName.includes('/node_modules/')) return false
  return ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)
}

function resolve(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
}

/** Behind overloads, what has the body is not called by anyone. */
function isImplementation(symbol: ts.Symbol, node: ts.Declaration): boolean {
  if (!ts.isFunctionDeclaration(node)) return false
  return node.body !== undefined && (symbol.declarations ?? []).length > 1
}

function kindOf(node: ts.Declaration): Export['kind'] {
  if (ts.isFunctionDeclaration(node)) return 'function'
  if (ts.isClassDeclaration(node)) return 'class'
  if (ts.isInterfaceDeclaration(node)) return 'interface'
  return ts.isTypeAliasDeclaration(node) ? 'type' : 'value'
}

/** `(typeof WORDS)[number]` as the words that it is. */
function withWords(checker: ts.TypeChecker, node: ts.Declaration, text: string): string {
  if (!ts.isTypeAliasDeclaration(node) || !ts.isIndexedAccessTypeNode(node.type)) return text
  const object = ts.isParenthesizedTypeNode(node.type.objectType)
    ? node.type.objectType.type
    : node.type.objectType
  if (!ts.isTypeQueryNode(object)) return text
  const found = checker.getSymbolAtLocation(object.exprName)
  const list = found && resolve(checker, found).declarations?.find(ts.isVariableDeclaration)?.initializer
  const words = list && ts.isAsExpression(list) ? list.expression : list
  if (words === undefined || !ts.isArrayLiteralExpression(words)) return text
  return text.replace(node.type.getText(), words.elements.map((word) => word.getText()).join(' | '))
}

function signatureOf(node: ts.Declaration, name: string, members: readonly Member[]): string {
  if (ts.isFunctionDeclaration(node)) return callOf(node, name)
  if (ts.isTypeAliasDeclaration(node)) return shortAlias(node, members.length > 0)
  if (ts.isVariableDeclaration(node)) {
    const type = node.type === undefined ? ` = ${node.initializer?.getText() ?? ''}` : typeOf(node.type)
    return `const ${name}${type}`
  }
  if (ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node)) return headOf(node)
  return dedent(node)
}
