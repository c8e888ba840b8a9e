/** Surroundings that a fragment of code is compiled in, by the name that the mark `given` has. Each part is one line. */

/** What stands around a block; `before` and `after` make it a module. */
export interface Given {
  before: string
  after?: string
  /** Whether the code is the inside of the configuration that the module exports by default, which is then loaded. */
  isConfig?: true
}

const DEFINE = "import { defineConfig, shippedWindows, definePlan } from 'millrace/config';"

const BROWSER = "import { createMillrace } from '@millrace/web';"

const KEYS = "{ writeKey: 'wk_shop', endpoint: 'https://events.example.com' }"

const BROWSER_CLIENT = `${BROWSER} const millrace = createMillrace(${KEYS});`

const NODE_CLIENT = `import { createMillrace } from '@millrace/node'; const millrace = createMillrace(${KEYS});`

/** One plugin of the browser SDK, beside a client. */
function plugin(name: string): Given {
  const module = name.startsWith('follow') ? 'consent' : name
  return { before: `${BROWSER_CLIENT} import { ${name} } from '@millrace/web/${module}';` }
}

/** All of them. */
export const GIVENS: Readonly<Record<string, Given>> = {
  defineConfig: { before: DEFINE, isConfig: true },
  'field of the configuration': {
    before: `${DEFINE} export default defineConfig({ sources: [],`,
    after: '})',
    isConfig: true,
  },
  'setting of a source': {
    before: `${DEFINE} export default defineConfig({ sources: [{ name: 'shop', writeKeys: ['wk_shop'],`,
    after: '}] })',
    isConfig: true,
  },
  'a source': {
    before: `${DEFINE} export default defineConfig({ sources: [`,
    after: '] })',
    isConfig: true,
  },
  'items of monitors': {
    before: `${DEFINE} export default defineConfig({ sources: [], monitors: [`,
    after: '] })',
    isConfig: true,
  },
  'items of windows': {
    before: `${DEFINE} export default defineConfig({ sources: [], windows: [...shippedWindows,`,
    after: '] })',
    isConfig: true,
  },
  'a client of the browser': { before: BROWSER_CLIENT },
  'a client of the server': { before: NODE_CLIENT },
  'keys of the browser': {
    before: `${BROWSER} const writeKey = 'wk_shop', endpoint = 'https://events.example.com';`,
  },
  'the snippet': {
    before:
      "/** @typedef {ReturnType<typeof import('@millrace/web').createMillrace>} Client */ const millrace = /** @type {Client & { ready(then: () => void): void }} */ (Object(window).millrace);",
  },
  autocapture: plugin('autocapture'),
  vitals: plugin('vitals'),
  engagement: plugin('engagement'),
  errors: plugin('errors'),
  linker: plugin('linker'),
  'a consent banner': {
    before: `${BROWSER} const writeKey = 'wk_shop', endpoint = 'https://events.example.com'; const banner = { onChoice: (/** @type {boolean} */ yes) => {} };`,
  },
  'the consent plugins': {
    before: `${BROWSER} import { followTcf, followOneTrust, rememberConsent } from '@millrace/web/consent'; const writeKey = 'wk_shop', endpoint = 'https://events.example.com';`,
  },
  'a request': {
    before: `import { createMillrace as create } from '@millrace/node'; const millrace = create(${KEYS}); const request = new Request('https://shop.example');`,
  },
  // What stands there is all there is.
  'no analytics yet': { before: '' },
  'the read token': { before: "const token = 'read-token';" },
  'a stack of the test': {
    before:
      "import { afterAll } from 'vitest'; import { startTestStack } from '../../../../../test/support/stack.ts'; import { waitFor } from '../../../../../test/support/wait.ts';",
  },
  "Segment's snippet": {
    before:
      "const t = document.createElement('script'); const analytics = /** @type {Record<string, unknown>} */ ({});",
  },
  'the stock SDKs': {
    before:
      "import { AnalyticsBrowser } from '@segment/analytics-next'; import { RudderAnalytics } from '@rudderstack/analytics-js/bundled'; const rudder = new RudderAnalytics();",
  },
}
