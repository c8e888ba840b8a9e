#!/usr/bin/env node
/** `npm create millrace`: runs `millrace init` of the package `millrace` that came with this one, with the same arguments. */

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const manifest = createRequire(import.meta.url).resolve('millrace/package.json')

// The launcher reads what was typed from here, and finds a Node that is new enough.
process.argv.splice(2, 0, 'init')
await import(pathToFileURL(join(dirname(manifest), 'bin/millrace.mjs')).href)
