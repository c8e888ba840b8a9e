import { describe, expect, it } from 'vitest'
import { createCollector } from '../fakes.ts'

const TEXT = '# HELP x y\n# TYPE x gauge\nx 1\n'

function start(token: string | undefined = 'scrape', read = async () => TEXT) {
  const { app } = createCollector({ metrics: { token, read } })
  const ask = (authorization?: string, path = '/metrics') =>
    app.request(path, { headers: authorization === undefined ? {} : { authorization } })
  return { app, ask }
}

describe('/metrics', () => {
  it('is the text of a scrape for who has the token', async () => {
    const response = await start().ask('Bearer scrape')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.text()).toBe(TEXT)
  })

  it('takes the token as the password-less user of Basic too', async () => {
    expect((await start().ask(`Basic ${btoa('scrape:')}`)).status).toBe(200)
  })

  it.each([
    ['no token', undefined, '/metrics'],
    ['another token', 'Bearer other', '/metrics'],
    ['part of the token', 'Bearer scrap', '/metrics'],
    ['an empty token', 'Bearer ', '/metrics'],
    ['a read token of a source', 'Bearer rt', '/metrics'],
    ['the secret key of a source', 'Bearer sk', '/metrics'],
    ['the token in the address', undefined, '/metrics?writeKey=scrape&token=scrape'],
  ])('is refused with %s', async (_, authorization, path) => {
    const response = await start().ask(authorization, path)
    expect(response.status).toBe(401)
    expect(await response.text()).not.toContain('# HELP')
  })

  it('is not there while no token is set, whatever is sent', async () => {
    const { app } = createCollector({ metrics: { token: undefined, read: async () => TEXT } })
    for (const authorization of ['', 'Bearer ', 'Bearer undefined'])
      expect((await app.request('/metrics', { headers: { authorization } })).status).toBe(404)
    expect((await createCollector().app.request('/metrics')).status).toBe(404)
  })

  it('says to come again when it cannot be read', async () => {
    const response = await start('scrape', () => Promise.reject(new Error('no'))).ask('Bearer scrape')
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
  })
})
