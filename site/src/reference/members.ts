/** Fields and methods of a declaration, with those that it inherits. */

import ts from 'typescript'
import { type Doc, readDoc } from './doc-comment.ts'
import { callOf, dedent } from './signatures.ts'

/** A field or method. */
export interface Member {
  name: string
  /** All ways to call a method; of a field, none. */
  signatures: string[]
  isOptional: boolean
  /** Of a field. */
  type: string
  doc: Doc
  /** Interface that it comes from, where that is another. */
  from?: string
}

/** The members of an interface or class, and of a type the fields that it lists. */
export function membersOf(checker: ts.TypeChecker, node: ts.Node): Member[] {
  if (ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node)) {
    const own = join([...readMembers(node.members), ...inherited(checker, node)])
    return ts.isClassDeclaration(node) ? withDocs(own, implemented(checker, node)) : own
  }
  return ts.isTypeAliasDeclaration(node) ? join(literalMembers(node.type)) : []
}

/** Fields of an object type, alone or joined with `&` to others; not those that depend on a parameter of the type. */
function literalMembers(type: ts.TypeNode): Member[] {
  if (ts.isIntersectionTypeNode(type)) return type.types.flatMap(literalMembers)
  if (!ts.isTypeLiteralNode(type)) return []
  return type.members.some(isWorkedOut) ? [] : readMembers(type.members)
}

function isWorkedOut(node: ts.TypeElement): boolean {
  return ts.isPropertySignature(node) && node.type !== undefined && ts.isConditionalTypeNode(node.type)
}

/** What an interface says of a field, the class that implements it need not say again. */
function withDocs(members: readonly Member[], from: readonly Member[]): Member[] {
  return members.map((member) => {
    const doc = from.find(({ name }) => name === member.name)?.doc
    return member.doc.text === '' && doc !== undefined ? { ...member, doc } : member
  })
}

function inherited(checker: ts.TypeChecker, node: ts.InterfaceDeclaration | ts.ClassDeclaration): Member[] {
  return basesOf(node, ts.SyntaxKind.ExtendsKeyword).flatMap((base) => {
    const found = interfaceOf(checker, base)
    return found === undefined
      ? []
      : membersOf(checker, found).map((member) => ({ from: base.getText(), ...member }))
  })
}

function implemented(checker: ts.TypeChecker, node: ts.ClassDeclaration): Member[] {
  const found = basesOf(node, ts.SyntaxKind.ImplementsKeyword).map((base) => interfaceOf(checker, base))
  return found.flatMap((base) => (base === undefined ? [] : membersOf(checker, base)))
}

function basesOf(
  node: ts.InterfaceDeclaration | ts.ClassDeclaration,
  keyword: ts.SyntaxKind,
): ts.Expression[] {
  const clauses = (node.heritageClauses ?? []).filter(({ token }) => token === keyword)
  return clauses.flatMap(({ types }) => types.map(({ expression }) => expression))
}

function interfaceOf(checker: ts.TypeChecker, base: ts.Node): ts.InterfaceDeclaration | undefined {
  const symbol = checker.getSymbolAtLocation(base)
  const real = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const declarations = real?.declarations?.filter(ts.isInterfaceDeclaration) ?? []
  return declarations.find((found) => !found.getSourceFile().fileName.includes('/node_modules/'))
}

function readMembers(nodes: readonly (ts.TypeElement | ts.ClassElement)[]): Member[] {
  return nodes.flatMap((node) => readMember(node) ?? [])
}

function readMember(node: ts.TypeElement | ts.ClassElement): Member | undefined {
  const shared = { name: node.name?.getText() ?? '', doc: readDoc(node) }
  if (ts.isMethodSignature(node) || ts.isMethodDeclaration(node)) {
    const isOptional = node.questionToken !== undefined
    return { ...shared, isOptional, signatures: [callOf(node)], type: '' }
  }
  if (ts.isPropertySignature(node) || ts.isPropertyDeclaration(node)) {
    const value = ts.isPropertyDeclaration(node) ? node.initializer?.getText() : undefined
    const type = node.type === undefined ? (value ?? 'unknown') : dedent(node.type)
    return { ...shared, isOptional: node.questionToken !== undefined, signatures: [], type }
  }
  return undefined
}

/** Ways to call one method become one member; what an interface says itself comes before what it inherits. */
function join(members: readonly Member[]): Member[] {
  const byName = new Map<string, Member>()
  for (const member of members) {
    const known = byName.get(member.name)
    if (known === undefined) byName.set(member.name, { ...member, signatures: [...member.signatures] })
    else if (known.from === member.from) known.signatures.push(...member.signatures)
  }
  return [...byName.values()]
}
