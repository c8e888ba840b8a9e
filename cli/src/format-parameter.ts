/** Values of a statement's parameters as ClickHouse reads them. */

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\0': '\\0',
}

/**
 * A value as ClickHouse reads it: text as a field of the format `Escaped`, a list or a map as its literal. Numbers in those
 * are written bare, so that 64 bits of them may come as text.
 */
export function formatParameter(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatElement).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map((entry) => entry.map(formatElement).join(':'))
    return `{${entries.join(',')}}`
  }
  return String(value).replace(/[\\\t\n\r\0]/g, (char) => ESCAPES[char] ?? char)
}

function formatElement(value: unknown): string {
  if (typeof value !== 'string') return String(value)
  return `'${value.replace(/[\\'\t\n\r\0]/g, (char) => ESCAPES[char] ?? char)}'`
}
