/**
 * Builds what ships: both SDKs, the static assets the Worker serves, and the Worker itself as wrangler would upload it.
 * `dist/assets-development` is the same assets with the demo shop beside them. Does nothing when nothing has changed.
 */

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { cp, glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build as bundle } from 'esbuild'
import { buildPackage } from '../cli/build.ts'
import { ROOT } from './setup.mjs'
import { runAsScript, runStep } from './step.ts'

const DIST = join(ROOT, 'dist')

/** The browser SDK, built. */
const SDK_WEB_DIST = join(ROOT, 'sdk-web/dist')

/** Remembers which sources `dist` was built from. */
const STAMP = join(DIST, 'built-from')

/** Pages for people, as they are served, and what the live page is bundled from. */
const PAGES = join(ROOT, 'dashboard/pages')
const LIVE_PAGE = join(ROOT, 'dashboard/src')

/** The shop that `assets-development` has beside the pages. */
const DEMO = join(ROOT, 'local/demo')

/** Most bytes of the live page, compressed: HTML, script and style together. */
const MAX_LIVE_PAGE_BYTES = 80 * 1024

/** Everything a build reads. */
const INPUTS = [
  '{schemas,sdk-web,sdk-node,collector,consumers,dashboard}/{src,.}/**/*.{ts,js,mjs,json}',
  '{local/demo,dashboard/pages,dashboard/src}/**/*.*',
  '{worker,create-worker,millrace.config,scripts/build}.ts',
  '{wrangler.toml,tsconfig.base.json,package-lock.json}',
]

/** No asset is anything but what its type says. */
const ASSET_HEADERS = '/*\n  X-Content-Type-Options: nosniff\n'

/** Scripts are loaded by other origins, isolated ones too, and may be checked by them (SRI), so they are readable across origins. */
const SCRIPT_HEADERS = ['/*.js', '/*.map', '/integrity.json'].map(
  (path) =>
    `${path}\n  Access-Control-Allow-Origin: *\n  Cross-Origin-Resource-Policy: cross-origin\n  Cache-Control: public, max-age=3600\n`,
)

/** What a page runs is served beside it and nothing else, it is in nobody's frame, and no window that opened it reaches it. */
const PAGE_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; "
const PAGE_HEADERS =
  '  Cross-Origin-Opener-Policy: same-origin\n  Cross-Origin-Resource-Policy: same-origin\n' +
  '  Permissions-Policy: camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()\n'

/** It takes a token, and sends its form to its own server, which answers into a frame. */
const DOWNLOAD_HEADERS =
  `/download\n  Content-Security-Policy: ${PAGE_POLICY}style-src 'self'; script-src 'self'; img-src data:; form-action 'self'; ` +
  `frame-src 'self'\n  Referrer-Policy: no-referrer\n${PAGE_HEADERS}`

/** The live page also asks its own server, by WebSocket too, and has forms that are never sent. */
const LIVE_PAGE_HEADERS =
  `/dashboard\n  Content-Security-Policy: ${PAGE_POLICY}style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; ` +
  `form-action 'none'\n  Referrer-Policy: no-referrer\n${PAGE_HEADERS}`

/** The shop has the snippet in its page, and its own addresses are what its events tell of. */
function demoHeaders(html: string): string {
  const inline = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
    ([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
  )
  return (
    `/demo/*\n  Content-Security-Policy: ${PAGE_POLICY}style-src 'self'; script-src 'self' ${inline.join(' ')}; ` +
    `connect-src 'self'; img-src 'self' data:; form-action 'none'\n  Referrer-Policy: strict-origin-when-cross-origin\n${PAGE_HEADERS}`
  )
}

/** What a page loads is of the same build as the page, and as the Worker that it talks to. */
const PAGE_FILE_HEADERS = ['/dashboard/*', '/download/*'].map(
  (path) => `${path}\n  ! Cache-Control\n  Cache-Control: no-cache\n`,
)

/** Builds everything; a few seconds, or nothing when `dist` is current. */
export async function build(): Promise<void> {
  const inputs = await fingerprint()
  if (inputs === readStamp()) {
    console.error('millrace: build is up to date')
    return
  }
  await rm(STAMP, { force: true })
  await runStep('build sdk-web', 'npm', ['run', 'build', '--workspace', 'sdk-web'])
  await runStep('build sdk-node', 'npm', ['run', 'build', '--workspace', 'sdk-node'])
  await buildAssets(DIST)
  await runStep('build worker', 'wrangler', ['deploy', '--dry-run', '--outdir', join(DIST, 'worker')])
  await writeFile(STAMP, inputs)
}

/** The script tag is `/millrace.js`; modules for pages without a bundler lie in `/millrace/`. */
function assetPath(file: string): string {
  return /^(millrace\.js|integrity\.json)/.test(file) ? file : join('millrace', file)
}

/** Builds `assets` and `assets-development` in a folder; the browser SDK has been built before. */
export async function buildAssets(folder: string): Promise<void> {
  const assets = join(folder, 'assets')
  const development = join(folder, 'assets-development')
  await rm(assets, { recursive: true, force: true })
  await rm(development, { recursive: true, force: true })
  await mkdir(assets, { recursive: true })
  for await (const file of glob('*.{js,js.map,json}', { cwd: SDK_WEB_DIST })) {
    if (file !== 'stub.js') await cp(join(SDK_WEB_DIST, file), join(assets, assetPath(file)))
  }
  await cp(PAGES, assets, { recursive: true })
  await buildLivePage(assets)
  const headers = [
    ASSET_HEADERS,
    ...SCRIPT_HEADERS,
    ...PAGE_FILE_HEADERS,
    DOWNLOAD_HEADERS,
    LIVE_PAGE_HEADERS,
  ]
  await writeFile(join(assets, '_headers'), headers.join('\n'))
  await cp(assets, development, { recursive: true })
  await cp(DEMO, join(development, 'demo'), { recursive: true })
  const shop = demoHeaders(await readFile(join(DEMO, 'index.html'), 'utf8'))
  await writeFile(join(development, '_headers'), [...headers, shop].join('\n'))
}

/** Bundles script and style of `/dashboard`, whose HTML is there already. */
async function buildLivePage(assets: string): Promise<void> {
  await bundle({
    entryPoints: ['main.ts', 'app.css'].map((file) => ({ in: join(LIVE_PAGE, file), out: 'dashboard/app' })),
    outdir: assets,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    banner: { js: '/*! Charts by uPlot, Copyright (c) Leon Sorokin, MIT License. */' },
    logLevel: 'error',
  })
  const files = ['dashboard.html', 'dashboard/app.js', 'dashboard/app.css']
  const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(assets, file))).length, 0)
  if (bytes > MAX_LIVE_PAGE_BYTES) {
    throw new Error(`the live page must have at most ${MAX_LIVE_PAGE_BYTES} bytes compressed, got ${bytes}`)
  }
}

/** Hash of the names and contents of all inputs. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256')
  const exclude = (name: string) =>
    name.includes('node_modules') || name.includes('dist/') || name.endsWith('.test.ts')
  const names = new Set<string>()
  for await (const name of glob(INPUTS, { cwd: ROOT, exclude })) names.add(name)
  for (const name of [...names].sort()) hash.update(`${name}\n`).update(await readFile(join(ROOT, name)))
  return hash.digest('hex')
}

function readStamp(): string | undefined {
  try {
    // A stamp without what it vouches for is worth nothing.
    for (const built of [
      'worker/worker.js',
      'assets/millrace.js',
      'assets/download.html',
      'assets/dashboard/app.js',
    ])
      readFileSync(join(DIST, built))
    for (const built of ['sdk-web/dist/integrity.json', 'sdk-node/dist/index.js'])
      readFileSync(join(ROOT, built))
    return readFileSync(STAMP, 'utf8')
  } catch {
    // Never built, or cleaned since.
    return undefined
  }
}

await runAsScript(import.meta.url, async () => {
  await build()
  await buildPackage()
})
