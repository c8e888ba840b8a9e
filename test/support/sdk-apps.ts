/** Small apps with the routers that sites use, each with the browser SDK recording page views by itself. */

import { join } from 'node:path'
import { build } from 'esbuild'
import { ROOT } from '../../scripts/setup.mjs'

/** Kinds of app. */
export type AppKind = 'react' | 'vue'

/** Creates the client; the write key and the collector are put in by the page. */
const CLIENT = `import { createMillrace } from 'millrace-as-built'
window.millrace = createMillrace({ ...window.millraceOptions, autoPage: true })`

const SOURCES: Record<AppKind, string> = {
  react: `${CLIENT}
import { createElement as h, useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { BrowserRouter, Link, Navigate, Route, Routes, useParams, useSearchParams } from 'react-router'
const links = ['/', '/list', '/item/7', '/old', '/list?sort=price']
const nav = h('nav', null, links.map((to) => h(Link, { key: to, to, id: to }, to)))
const View = ({ title }) => {
  const { id = '' } = useParams()
  const [, setSearch] = useSearchParams()
  useEffect(() => { document.title = title + id })
  return h('main', null, h('h1', null, title + id), nav,
    h('button', { id: 'filter', onClick: () => setSearch({ q: 'x' }, { replace: true }) }, 'Filter'))
}
createRoot(document.getElementById('app')).render(h(BrowserRouter, { basename: '/react' }, h(Routes, null,
  h(Route, { path: '/', element: h(View, { title: 'Home' }) }),
  h(Route, { path: '/list', element: h(View, { title: 'List' }) }),
  h(Route, { path: '/item/:id', element: h(View, { title: 'Item ' }) }),
  h(Route, { path: '/old', element: h(Navigate, { to: '/list', replace: true }) }))))`,
  vue: `${CLIENT}
import { createApp, h } from 'vue'
import { createRouter, createWebHistory, RouterLink, RouterView, useRoute, useRouter } from 'vue-router'
const links = ['/', '/list', '/item/7', '/old', '/list?sort=price']
const view = (title) => ({ setup() {
  const [route, router] = [useRoute(), useRouter()]
  const filter = () => router.replace({ query: { q: 'x' } })
  return () => h('main', null, [h('h1', null, title + (route.params.id ?? '')),
    h('nav', null, links.map((to) => h(RouterLink, { to, id: to }, () => to))),
    h('button', { id: 'filter', onClick: filter }, 'Filter')])
} })
const router = createRouter({ history: createWebHistory('/vue/'), routes: [
  { path: '/', component: view('Home'), meta: { title: 'Home' } },
  { path: '/list', component: view('List'), meta: { title: 'List' } },
  { path: '/item/:id', component: view('Item '), meta: { title: 'Item ' } },
  { path: '/old', redirect: '/list' },
] })
router.afterEach((to) => { document.title = to.meta.title + (to.params.id ?? '') })
createApp({ render: () => h(RouterView) }).use(router).mount('#app')`,
}

/** The HTML of an app, script and all. */
export async function buildApp(kind: AppKind, collector: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: SOURCES[kind], resolveDir: join(ROOT, 'test') },
    alias: { 'millrace-as-built': join(ROOT, 'sdk-web/dist/index.js') },
    define: { 'process.env.NODE_ENV': '"production"', __VUE_PROD_DEVTOOLS__: 'false' },
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    charset: 'utf8',
    logLevel: 'error',
  })
  const script = outputFiles[0]?.text.replaceAll('</script', '<\\/script')
  // Long enough for an app to start on a machine that is busy: a view has its title by then.
  const options = JSON.stringify({ writeKey: 'dev', endpoint: collector, flushIntervalMs: 1_000 })
  return `<!doctype html><title>Loading</title><div id="app"></div>
<script>millraceOptions = ${options}</script><script>${script}</script>`
}
