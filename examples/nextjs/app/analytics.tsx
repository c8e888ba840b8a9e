'use client'

import { createMillrace } from '@millrace/web'
import { collector } from './collector.ts'

/** One client for all pages. While Next renders on the server, where there is no document, it does nothing. */
export const millrace = createMillrace({ ...collector, autoPage: true })

/** In the layout it brings the client to every page, which records each address that is shown. */
export function Analytics() {
  return null
}
