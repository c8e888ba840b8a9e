/** Text of strangers (lines of a log, answers of a collector) made safe to print. */

/** The text with what a terminal would obey or not show (control, format and unassigned characters) as `\u{1b}`. */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
}
