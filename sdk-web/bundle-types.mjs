// Makes the public declarations of what is exported, as `.d.ts` and, because TypeScript takes the kind of a module from the
// name of its declarations, as `.d.cts`, each file with no more than an import of the index; and
// integrity.json: what a page may say of each file, so that its browser refuses any other (Subresource Integrity).

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

const dist = new URL('dist/', import.meta.url)
const PLUGINS = ['autocapture', 'consent', 'debug', 'engagement', 'errors', 'linker', 'vitals']

/** Declarations without the file's header and imports. */
const read = (name) =>
  readFileSync(new URL(`types/sdk-web/src/${name}.d.ts`, dist), 'utf8')
    .replace(/^\/\*\*.*?\*\/\n/s, '')
    .replace(/^import [^;]*;\n/gm, '')
    .replace(/^export \{\};\n/gm, '')

function write(name, text) {
  // An example in a docstring may.
  if (/^(?!\s*\*).*\bfrom ['"](?!\.\/index\.js)/m.test(text))
    throw new Error(`${name}.d.ts imports something`)
  writeFileSync(new URL(`${name}.d.ts`, dist), text)
  writeFileSync(new URL(`${name}.d.cts`, dist), text.replaceAll("'./index.js'", "'./index.cjs'"))
}

const index = `${read('api')}\n${read('create-millrace')}`
for (const [, name] of read('index').matchAll(/\b([A-Z]\w*)\b(?=.*from)/g)) {
  if (!index.includes(` ${name}`)) throw new Error(`the public declarations lack ${name}`)
}
write('index', index)
write('tiny', read('tiny'))

// Of what plugins share, only types are public.
const shared = read('plugins/plugin').replace(
  /\/\*\*(?:(?!\*\/).)*\*\/\nexport declare function[^;]*;\n/gs,
  '',
)
for (const name of PLUGINS) {
  write(name, `import type { Consent, Millrace } from './index.js'\n${shared}\n${read(`plugins/${name}`)}`)
}
rmSync(new URL('types/', dist), { recursive: true })

const scripts = readdirSync(dist).filter((name) => name.endsWith('.js') && name !== 'stub.js')
const integrity = scripts.sort().map((name) => {
  const hash = createHash('sha384').update(readFileSync(new URL(name, dist)))
  return [name, `sha384-${hash.digest('base64')}`]
})
writeFileSync(new URL('integrity.json', dist), `${JSON.stringify(Object.fromEntries(integrity), null, 2)}\n`)
