/** Entry of the script tag: takes its options from the tag's `data-*` attributes. */

import type { MillraceOptions } from './api.ts'
import { createBrowserClient } from './browser.ts'
import { installClient } from './install.ts'

// A module script has no `currentScript`; then the first tag that carries a write key is taken for ours.
const script = (document.currentScript ??
  document.querySelector('script[data-write-key]')) as HTMLScriptElement
const { writeKey = '', global = 'millrace', ...rest } = script.dataset
const options: Record<string, unknown> = { endpoint: new URL(script.src).origin }

for (const [name, text = ''] of Object.entries(rest)) {
  // Numbers, `true` and objects are JSON, other text is itself, and an attribute without a value switches on.
  try {
    options[name] = text ? JSON.parse(text) : true
  } catch {
    options[name] = text
  }
}

installClient(window as unknown as Record<string, unknown>, global, (recall) =>
  createBrowserClient({ ...options, writeKey } as MillraceOptions, recall),
)
