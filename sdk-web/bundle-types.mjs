// Makes dist/index.d.ts of the two declaration files that are public, so that consumers need no other.

import { readFileSync, rmSync, writeFileSync } from 'node:fs'

const dist = new URL('dist/', import.meta.url)
const read = (name) => readFileSync(new URL(`types/sdk-web/src/${name}.d.ts`, dist), 'utf8')

const [api, entry] = ['api', 'create-millrace'].map((name) =>
  read(name)
    .replace(/^\/\*\*.*?\*\/\n/s, '') // the file's header
    .replace(/^import .*\n/gm, '')
    .replace(/^export \{\};\n/gm, ''),
)
const text = `${api}\n${entry}`
if (/\b(import|from)\b.*['"]/.test(text)) throw new Error('a public declaration imports something')
for (const [, name] of read('index').matchAll(/\b([A-Z]\w*)\b(?=.*from)/g)) {
  if (!text.includes(` ${name}`)) throw new Error(`the public declarations lack ${name}`)
}
writeFileSync(new URL('index.d.ts', dist), text)
rmSync(new URL('types/', dist), { recursive: true })
