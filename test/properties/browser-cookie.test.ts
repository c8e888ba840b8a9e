/** What the browser's SDK writes into its cookie is what the server's SDK reads from a request. */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readBrowserIdentity } from '../../sdk-node/src/browser-identity.ts'
import { readIdCookie, writeIdCookie } from '../../sdk-web/src/cookie.ts'

/** Ids as an app may set them: any text without control characters. */
const ids = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .filter((id) => id.length <= 256 && id.isWellFormed() && !/\p{Cc}/u.test(id))

it('browser and server read the same id from the same cookie', () => {
  fc.assert(
    fc.property(ids, fc.nat(), (id, time) => {
      const page = { cookie: '', location: { hostname: 'localhost', protocol: 'https:' } }
      writeIdCookie(page, id, time)
      const cookie = `theme=dark; ${page.cookie.split(';')[0]}`
      expect(readIdCookie({ ...page, cookie })).toBe(id)
      expect(readBrowserIdentity({ cookie })).toEqual({ anonymousId: id })
    }),
  )
})
