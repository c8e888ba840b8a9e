/** Texts that strangers may put into any field of an event: to run in a page, to break it, or to read as something else. */

/** What would run sets this on the window, so that a look at it tells. */
export const RAN = '__ran'

/** A host that no page of ours has business with. */
export const FAR_HOST = 'far.example'

const RUN = `window.${RAN}=1`

/** By what they try. */
export const HOSTILE_TEXTS: Readonly<Record<string, string>> = {
  script: `<script>${RUN}</script>`,
  handler: `<img src=x onerror="${RUN}">`,
  svg: `<svg onload=${RUN}><animate onbegin=${RUN} attributeName=x></svg>`,
  frame: `<iframe srcdoc="<script>parent.${RAN}=1</script>"></iframe>`,
  closing: `</span></td></table></textarea></title></style></script><script>${RUN}</script><!--`,
  attribute: `" autofocus onfocus="${RUN}" x="`,
  quote: `' onmouseover='${RUN}`,
  style: `<style>*{display:none!important;background:url(https://${FAR_HOST}/s)}</style>`,
  link: `<link rel=stylesheet href=https://${FAR_HOST}/l><base href=https://${FAR_HOST}/>`,
  image: `<img src=https://${FAR_HOST}/i>`,
  meta: `<meta http-equiv=refresh content="0;url=https://${FAR_HOST}/m">`,
  form: `<form action=https://${FAR_HOST}/f><button>Log in again</button></form>`,
  javascript: `javascript:${RUN}`,
  data: `data:text/html,<script>${RUN}</script>`,
  template: `{{constructor.constructor('${RUN}')()}} \${${RUN}} <%= ${RUN} %> #{${RUN}}`,
  entity: `&lt;script&gt;${RUN}&lt;/script&gt;&#x3c;img src=x onerror=${RUN}&#x3e;`,
  backwards: '\u202eexe.gpj\u202d \u2066isolate \u200f\u061cright',
  unseen: '\u200b\u200c\u200d\u2060\ufeff',
  lines: 'one\r\ntwo\u2028three\u2029four\ttab\u0000nul\u001b[2Jescape\u0085',
  long: 'W'.repeat(10_000),
  words: 'many words '.repeat(900),
  tall: `a${'\u0301\u0316'.repeat(300)}`,
  emoji: '👩‍👩‍👧‍👦🏳️‍🌈'.repeat(40),
  wide: '﷽'.repeat(60),
  lone: '\ud800 half a character',
  proto: '__proto__',
  constructor: 'constructor',
  toString: 'toString',
  hasOwn: 'hasOwnProperty',
  number: '1e999',
  empty: ' ',
}
