/** HTML and the text in it. */

/** Text of HTML as it is read. */
export function textOf(html: string): string {
  const plain = html.replace(/<[^>]*>/g, '')
  const names: Record<string, string> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' }
  return plain.replace(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => names[name] ?? '')
}

/** Text as it stands in HTML. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
