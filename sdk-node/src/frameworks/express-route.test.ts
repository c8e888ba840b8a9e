import { describe, expect, it } from 'vitest'
import { watchRoute } from './express-route.ts'

/** A request as Express walks it through routers, each with its address and parameters, to a route. */
function walk(
  steps: readonly [baseUrl: string, params: Record<string, unknown>][],
  path: unknown,
): string | undefined {
  const request: { baseUrl: string; params: object; route?: { path: unknown } } = { baseUrl: '', params: {} }
  const readRoute = watchRoute(request)
  for (const [baseUrl, params] of steps) {
    request.params = params
    request.baseUrl = baseUrl
  }
  if (path !== undefined) request.route = { path }
  return readRoute()
}

describe("an Express request's route", () => {
  it.each<[string, readonly [string, Record<string, unknown>][], unknown, string | undefined]>([
    ['of the app', [], '/orders/:id', '/orders/:id'],
    ['of a router', [['/api', {}]], '/orders/:id', '/api/orders/:id'],
    ['at the root of a router', [['/api', {}]], '/', '/api'],
    ['at the root of the app', [], '/', '/'],
    ['of a router with a parameter', [['/users/7', { user: '7' }]], '/orders', '/users/:user/orders'],
    [
      'of two routers, each with its own',
      [
        ['/users/7', { id: '7' }],
        ['/users/7/orders/8', { id: '8' }],
      ],
      '/:line',
      '/users/:id/orders/:id/:line',
    ],
    [
      'of two routers that share theirs',
      [
        ['/users/7', { user: '7' }],
        ['/users/7/orders/8', { user: '7', order: '8' }],
      ],
      '/',
      '/users/:user/orders/:order',
    ],
    ['with an escaped value', [['/users/a%2fb%20c', { user: 'a/b c' }]], '/', '/users/:user'],
    ['with a value that Express decoded', [['/users/%c3%a4', { user: 'ä' }]], '/', '/users/:user'],
    ['with a wildcard', [['/files/a/b', { rest: ['a', 'b'] }]], '/raw', '/files/:rest/raw'],
    ['without an optional part', [['/users', { user: undefined }]], '/', '/users'],
    [
      'with a parameter that the app made an object of',
      [['/users/7', { user: Object.create(null) }]],
      '/',
      '/*',
    ],
    ['with half a part', [['/v7-beta', { version: '7' }]], '/', '/*'],
    ['with several paths', [], ['/a', '/b/:id'], '/a|/b/:id'],
    ['with an expression', [], /^\/a\d+$/, '/^\\/a\\d+$/'],
    [
      'after a router was left',
      [
        ['/users/7', { user: '7' }],
        ['', {}],
      ],
      '/orders',
      '/orders',
    ],
    [
      'after another router of the same address was left',
      [
        ['/7', { user: '7' }],
        ['', {}],
        ['/7', {}],
      ],
      '/x',
      '/7/x',
    ],
    ['that no route answered', [['/api', {}]], undefined, undefined],
  ])('%s is its pattern', (_, steps, path, pattern) => {
    expect(walk(steps, path)).toBe(pattern)
  })
})
