/** Collects what all events of a page share: library, language, screen, time zone. */

import type { JsonObject } from '@millrace/schemas/wire'
import { VERSION } from './version.ts'

/** The part of `window` that is read. */
export interface ContextSource {
  navigator: Pick<Navigator, 'language' | 'webdriver'>
  screen: Pick<Screen, 'width' | 'height'>
  devicePixelRatio: number
}

/**
 * Reads Segment's common fields `library`, `locale`, `screen` and `timezone`, and `webdriver` where a program drives the
 * browser. `userAgent` is not among them: the request's header has it. Nothing that is read makes the browser compute
 * layout.
 */
export function readContext({ navigator, screen, devicePixelRatio }: ContextSource = window): JsonObject {
  return {
    library: { name: '@millrace/web', version: VERSION },
    locale: navigator.language,
    screen: { width: screen.width, height: screen.height, density: devicePixelRatio },
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    ...(navigator.webdriver ? { webdriver: true } : {}),
  }
}
