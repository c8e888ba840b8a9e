import { expect, it } from 'vitest'
import type { Storage } from './sources.ts'
import { loadTheme, nextTheme, saveTheme } from './theme.ts'

it('theme goes round', () => {
  expect([nextTheme('system'), nextTheme('light'), nextTheme('dark')]).toEqual(['light', 'dark', 'system'])
})

it('theme is remembered, that of the system by nothing', () => {
  const values = new Map<string, string>()
  const storage: Storage = {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  }
  saveTheme(storage, 'dark')
  expect(loadTheme(storage)).toBe('dark')
  saveTheme(storage, 'system')
  expect([loadTheme(storage), values.size]).toEqual(['system', 0])
  values.set('millrace.theme', 'pink')
  expect(loadTheme(storage)).toBe('system')
})
