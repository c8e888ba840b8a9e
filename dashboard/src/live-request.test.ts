import { expect, it } from 'vitest'
import { encodeToken } from './live-request.ts'

it('token is base64url without padding, of UTF-8', () => {
  expect(encodeToken('a?>')).toBe('YT8-')
  expect(atob(encodeToken('ü').replaceAll('-', '+').replaceAll('_', '/'))).toBe('\xc3\xbc')
})
