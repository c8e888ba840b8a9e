/** Light, dark, or as the system says; remembered in this browser. */

import type { Storage } from './sources.ts'

/** What can be chosen. */
export const THEMES = ['system', 'light', 'dark'] as const

/** One of {@link THEMES}. */
export type Theme = (typeof THEMES)[number]

const KEY = 'millrace.theme'

/** The one that was chosen last. */
export function loadTheme(storage: Storage | undefined): Theme {
  try {
    const kept = storage?.getItem(KEY)
    return THEMES.find((theme) => theme === kept) ?? 'system'
  } catch {
    // Blocked.
    return 'system'
  }
}

/** Remembers it. */
export function saveTheme(storage: Storage | undefined, theme: Theme): void {
  try {
    if (theme === 'system') storage?.removeItem(KEY)
    else storage?.setItem(KEY, theme)
  } catch {
    // Blocked: the page works without.
  }
}

/** The one after it, as a button goes round. */
export function nextTheme(theme: Theme): Theme {
  return THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system'
}

/** Shows the page in it. */
export function applyTheme(root: HTMLElement, theme: Theme): void {
  if (theme === 'system') delete root.dataset['theme']
  else root.dataset['theme'] = theme
}
