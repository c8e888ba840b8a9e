import { describe, expect, it } from 'vitest'
import { classifyAgent, isServerAgent } from './relay.ts'

describe('classifyAgent', () => {
  it.each([
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:125.0) Gecko/20100101 Firefox/125.0', 'browser'],
    ['Opera/9.80 (J2ME/MIDP; Opera Mini/9) Presto/2.8.119 Version/11.10', 'browser'],
    ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'browser'],
    ['Mozilla/5.0 (linux) AppleWebKit/537.36 (KHTML, like Gecko) jsdom/20.0.3', 'browser'],
    ['okhttp/4.12.0', 'app'],
    ['Shop/312 CFNetwork/1494.0.7 Darwin/23.4.0', 'app'],
    ['Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/AP1A)', 'app'],
    ['Dart/3.3 (dart:io)', 'app'],
    ['Shop/3.1 (com.shop; build:12; iOS 17.4.1) Alamofire/5.9.0', 'app'],
    [undefined, 'server'],
    ['', 'server'],
    ['node', 'server'],
    ['undici', 'server'],
    ['analytics-node/3', 'server'],
    ['analytics-node-next/latest', 'server'],
    ['@millrace/node/0.1.0', 'server'],
    ['axios/1.7.2', 'server'],
    ['got (https://github.com/sindresorhus/got)', 'server'],
    ['Deno/2.1.0', 'server'],
    ['Bun/1.1.0', 'server'],
    ['python-requests/2.31.0', 'server'],
    ['analytics-python/2.3.2', 'server'],
    ['Python/3.12 aiohttp/3.9.5', 'server'],
    ['Go-http-client/2.0', 'server'],
    ['analytics-go (version: 3.0.0)', 'server'],
    ['Java/17.0.10', 'server'],
    ['Java-http-client/21', 'server'],
    ['Apache-HttpClient/4.5.14 (Java/17)', 'server'],
    ['Ruby', 'server'],
    ['GuzzleHttp/7', 'server'],
    ['curl/8.5.0', 'server'],
    ['analytics-nodes-of-mine/1', 'unknown'],
    ['nodes/1', 'unknown'],
    ['facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)', 'unknown'],
    ['Mozilla', 'unknown'],
  ])('sorts %j as %s', (userAgent, kind) => {
    expect(classifyAgent(userAgent)).toBe(kind)
  })
})

describe('isServerAgent', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64) Chrome/124.0.0.0', 'analytics-node', false],
    ['node', 'analytics.js', true],
    [undefined, undefined, true],
    ['okhttp/4.12.0', undefined, false],
    ['okhttp/4.12.0', 'analytics-android', false],
    ['okhttp/4.12.0', 'analytics-java', true],
    ['Backend/1.0', undefined, false],
    ['Backend/1.0', 'analytics-node', true],
    ['Backend/1.0', '@millrace/node', true],
    ['Backend/1.0', '@segment/analytics-node', true],
    ['Backend/1.0', '@rudderstack/rudder-sdk-node', true],
    ['Backend/1.0', 'analytics-python', true],
    ['Backend/1.0', 'rudder-analytics-python', true],
    ['Backend/1.0', 'analytics-ruby', true],
    ['Backend/1.0', 'analytics-go', true],
    ['Backend/1.0', 'analytics-php', true],
    ['Backend/1.0', 'Analytics.NET', true],
    ['Backend/1.0', '@millrace/web', false],
    ['Backend/1.0', 'analytics.js', false],
    ['Backend/1.0', 'analytics-react-native', false],
    ['Backend/1.0', '@segment/analytics-next', false],
    ['Backend/1.0', 'com.rudderstack.android.sdk.core', false],
    ['Backend/1.0', 'analytics-goodies', false],
  ])('judges %j with library %j as %s', (userAgent, library, isServer) => {
    expect(isServerAgent(userAgent, library)).toBe(isServer)
  })
})
