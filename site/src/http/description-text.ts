/** Texts of the description as Markdown. */

/** Text of the description as Markdown: what looks like a tag or a field is code. */
export function asMarkdown(text: string): string {
  return text
    .replace(/(?<![`\w])[\w.]*<\w+>/g, (part) => `\`${part}\``)
    .replace(
      /(?<![`\w])(field:op:value|missing_identity|METRICS_TOKEN|identity: cookie|userId|anonymousId)(?![`\w])/g,
      '`$1`',
    )
}

/** The text within a sentence. A word of capitals stays. */
export function lowerFirst(text: string): string {
  return /^[A-Z]([a-z]| )/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}

/** The text at the beginning of a sentence. */
export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
