/** Entry of the script tag: takes its options from the tag's `data-*` attributes. */

import { createBrowserClient, readStamp } from './browser.ts'
import { installClient } from './install.ts'

// A module script has no `currentScript`; then the first tag that carries a write key is taken for ours.
const script = (document.currentScript ??
  document.querySelector('script[data-write-key]')) as HTMLScriptElement
const { writeKey = '', endpoint, global = 'millrace' } = script.dataset

installClient(
  window as unknown as Record<string, unknown>,
  global,
  (stamp) => createBrowserClient({ writeKey, endpoint: endpoint ?? new URL(script.src).origin }, stamp),
  readStamp,
)
