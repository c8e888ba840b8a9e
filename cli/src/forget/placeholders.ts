/** Words that programs write where they know nobody. They are nobody's id, so nobody can be forgotten by one. */

/** As in the column `placeholder_ids`; a test compares the two. */
export const PLACEHOLDER_IDS: ReadonlySet<string> = new Set([
  ...['null', '(null)', 'undefined', 'anonymous', 'anon', 'guest', 'none', '(none)', 'nil', 'nan', 'n/a'],
  ...['unknown', 'true', 'false', '0', '-1', '{}', '[]', '[object object]', 'not_authenticated'],
  ...['distinct_id', 'distinctid', 'user_id', 'userid', 'anonymous_id', 'anonymousid', 'id', 'user', 'email'],
  ...['00000000-0000-0000-0000-000000000000', ''],
])

/** Whether an id is one of them, whatever its case and the spaces around it. */
export function isPlaceholder(id: string): boolean {
  return PLACEHOLDER_IDS.has(id.trim().toLowerCase())
}
