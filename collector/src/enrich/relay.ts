/** Tells a person's browser or app from a server that relays events, whose address and device are not the person's. */

/**
 * What sends a request. `browser`: a browser, or what calls itself one, crawlers included. `app`: the HTTP stack of a
 * phone's app. `server`: an HTTP library of servers, or no user agent at all. `unknown`: anything else.
 */
export type AgentKind = 'browser' | 'app' | 'server' | 'unknown'

const APP_STACK = /\b(?:okhttp|CFNetwork|Dalvik|Dart|Alamofire|iOS|iPhone|iPad|Android)\b/

/** Names that server-side HTTP libraries and SDKs begin their user agent with, in lower case, up to the `/` or space. */
const SERVER_PRODUCTS: ReadonlySet<string> = new Set([
  // Node, Deno, Bun
  ...['node', 'node.js', 'node-fetch', 'node-superagent', 'undici', 'axios', 'got', 'needle', 'request'],
  ...['superagent', 'deno', 'bun'],
  // Python
  ...['python', 'python-requests', 'python-urllib', 'python-urllib3', 'python-httpx', 'aiohttp', 'httpx'],
  // JVM
  ...['java', 'java-http-client', 'apache-httpclient', 'apache-httpasyncclient', 'ktor-client', 'jersey'],
  ...['akka-http', 'spring', 'reactornetty', 'vert.x-webclient'],
  // Go, Rust, C
  ...['go-http-client', 'fasthttp', 'go-resty', 'reqwest', 'hyper', 'ureq', 'curl', 'libcurl', 'wget'],
  // Ruby, PHP, .NET, Elixir, Perl
  ...['ruby', 'faraday', 'httparty', 'rest-client', 'typhoeus', 'http.rb', 'guzzlehttp', 'php', 'symfony'],
  ...['restsharp', '.net', 'dotnet', 'hackney', 'mint', 'finch', 'req', 'erlang', 'libwww-perl'],
])

/** SDKs for servers, whatever follows: `analytics-node-next/latest`, `@millrace/node/0.1.0`, `analytics-python/2.3`. */
const SERVER_SDK =
  /^(?:@?millrace\/node|(?:segment-|rudder-|rudderstack-)?analytics-(?:node|python|ruby|go|java|php|rust|\.net))(?![a-z])/

/** Languages of servers, as a part of a library's name. */
const SERVER_LANGUAGES: ReadonlySet<string> = new Set([
  ...['node', 'python', 'ruby', 'go', 'golang', 'java', 'php', 'rust', 'elixir', 'erlang', 'dotnet'],
])

/** Sorts a user agent; `undefined` and the empty one are a server's, because every browser and phone sends one. */
export function classifyAgent(userAgent: string | undefined): AgentKind {
  if (userAgent === undefined || userAgent === '') return 'server'
  if (userAgent.startsWith('Mozilla/') || userAgent.startsWith('Opera/')) return 'browser'
  if (APP_STACK.test(userAgent)) return 'app'
  const lower = userAgent.slice(0, 64).toLowerCase()
  const product = /^[^\s/;(]*/.exec(lower)?.[0] ?? ''
  return SERVER_PRODUCTS.has(product) || SERVER_SDK.test(lower) ? 'server' : 'unknown'
}

/**
 * Whether a request comes from a server-side library. The user agent decides where it can; `libraryName`, the event's
 * `context.library.name`, where it cannot: stacks that phones and servers share, such as okhttp, and unknown ones.
 */
export function isServerAgent(userAgent: string | undefined, libraryName?: string): boolean {
  const kind = classifyAgent(userAgent)
  if (kind === 'server' || kind === 'browser') return kind === 'server'
  return libraryName !== undefined && isServerLibrary(libraryName)
}

/** `@segment/analytics-node`, `@rudderstack/rudder-sdk-node`, `analytics-go`, `Analytics.NET`; not `analytics-react-native`. */
function isServerLibrary(name: string): boolean {
  const lower = name.slice(0, 64).toLowerCase()
  return lower === 'analytics.net' || lower.split(/[@/_-]/).some((part) => SERVER_LANGUAGES.has(part))
}
