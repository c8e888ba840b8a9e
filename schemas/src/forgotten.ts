/** What must not be stored any more, as hashes: no id of a forgotten person is kept. The Worker and ClickHouse make the same. */

/** Kinds of what is forgotten: a user, an anonymous id that was one person's alone, one event on a device of several. */
export const FORGOTTEN_KINDS = ['user', 'anonymous', 'message'] as const

/** One of {@link FORGOTTEN_KINDS}. */
export type ForgottenKind = (typeof FORGOTTEN_KINDS)[number]

/** SHA-256 of the kind, a line feed and the id, 64 hex digits: what the table `forgotten` keeps. */
export async function forgottenHash(kind: ForgottenKind, id: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${kind}\n${id}`))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The same of an expression of SQL. Sessions are hashed likewise where rows of theirs are named, and never kept. */
export function forgottenHashSql(kind: ForgottenKind | 'session', expression: string): string {
  return `lower(hex(SHA256(concat('${kind}\\n', ${expression}))))`
}
