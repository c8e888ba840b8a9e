/** What 0.1.0 promised to those outside still holds: nothing of its HTTP API and of the names in its packages is taken away. */

import { expect, it } from 'vitest'
import { describeHttp, describeWants } from '../support/release-contract.ts'
import { readJson, readLines } from '../support/release-files.ts'
import { describeSurface, type Surface } from '../support/release-surface.ts'

it('every path, method, parameter, status and field of the HTTP API is there', () => {
  const present = new Set(describeHttp())
  const missing = readLines('contract/http.txt.gz').filter((line) => !present.has(line))
  expect(missing, 'clients of 0.1.0 rely on these: put them back').toEqual([])
})

it('no request has to have what it had not to have', () => {
  const known = new Set(readLines('contract/http-wants.txt'))
  const added = describeWants().filter((line) => !known.has(line))
  // A path that is new may want what it likes.
  const paths = new Set(readLines('contract/http.txt.gz').map((line) => line.split(' ', 2).join(' ')))
  const wanted = added.filter((line) => paths.has(line.split(' ', 2).join(' ')))
  expect(wanted, 'clients of 0.1.0 do not send these: let them be left out').toEqual([])
})

it('every name that pages, servers and projects use is there', () => {
  const present = describeSurface()
  const missing = Object.entries(readJson<Surface>('contract/surface.json')).flatMap(([what, names]) =>
    names.filter((name) => !present[what]?.includes(name)).map((name) => `${what}: ${name}`),
  )
  expect(missing, 'what was written for 0.1.0 uses these names: put them back').toEqual([])
})
