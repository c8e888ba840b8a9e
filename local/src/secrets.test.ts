import type { MillraceConfig } from '@millrace/schemas/config'
import { expect, test } from 'vitest'
import { findSecrets } from './secrets.ts'

const hash = (secretVar: string) => ({ paths: ['traits.email'], action: 'hash' as const, secretVar })

const config: MillraceConfig = {
  sources: [
    {
      name: 'shop',
      writeKeys: ['wk'],
      secretKeyVar: 'SHOP_SECRET_KEY',
      readTokenVar: 'SHOP_READ_TOKEN',
      pii: [{ paths: ['context.locale'], action: 'drop' }, hash('PII_SECRET'), hash('PII_SECRET')],
    },
    { name: 'blog', writeKeys: ['wk2'] },
  ],
  development: { pii: [hash('DEV_PII_SECRET')] },
}

test('secrets of every kind that the configuration names go to the Worker, and no others', () => {
  const variables = {
    SHOP_SECRET_KEY: 'a',
    SHOP_READ_TOKEN: 'b',
    PII_SECRET: 'c',
    DEV_PII_SECRET: 'd',
  }
  expect(findSecrets(config, { ...variables, HOME: '/' })).toEqual({ variables, missing: [] })
})

test('secrets that are missing or empty are told once, with all that they mean', () => {
  expect(findSecrets(config, { SHOP_READ_TOKEN: 'b', SHOP_SECRET_KEY: '' })).toEqual({
    variables: { SHOP_READ_TOKEN: 'b' },
    missing: [
      { name: 'SHOP_SECRET_KEY', consequences: ['no imports, replays and lookup tables for shop'] },
      { name: 'PII_SECRET', consequences: ['values that it would hash are dropped'] },
      { name: 'DEV_PII_SECRET', consequences: ['values that it would hash are dropped'] },
    ],
  })
})

test('one secret that is used twice tells both', () => {
  const shared: MillraceConfig = {
    sources: [{ name: 'shop', writeKeys: ['wk'], readTokenVar: 'KEY', pii: [hash('KEY')] }],
  }
  expect(findSecrets(shared, {}).missing).toEqual([
    { name: 'KEY', consequences: ['no queries for shop', 'values that it would hash are dropped'] },
  ])
})

test('the token of /metrics is found when it is set, and missed only when the configuration names one', () => {
  const plain: MillraceConfig = { sources: [] }
  expect(findSecrets(plain, { METRICS_TOKEN: 't' })).toEqual({
    variables: { METRICS_TOKEN: 't' },
    missing: [],
  })
  expect(findSecrets(plain, {})).toEqual({ variables: {}, missing: [] })
  const named: MillraceConfig = { sources: [], metrics: { tokenVar: 'PROM_TOKEN' } }
  expect(findSecrets(named, {}).missing).toEqual([{ name: 'PROM_TOKEN', consequences: ['no /metrics'] }])
})
