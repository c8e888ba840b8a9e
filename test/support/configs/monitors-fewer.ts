/** The configuration `monitors.ts` without one of its monitors. */

import { defineConfig } from '@millrace/schemas/config'
import config from './monitors.ts'

export default defineConfig({
  ...config,
  monitors: (config.monitors ?? []).filter(({ name }) => name !== 'taken_out'),
})
