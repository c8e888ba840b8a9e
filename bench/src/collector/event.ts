/** Events and requests as a page with a stock SDK sends them: about 650 bytes an event, every id another. */

/** User agents that take turns, one a request: a site sees few of them very often. */
const USER_AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36',
]

/** What Cloudflare tells of a request; in workerd it travels in a header. */
const CF = {
  colo: 'FRA',
  country: 'DE',
  region: 'Berlin',
  regionCode: 'BE',
  city: 'Berlin',
  continent: 'EU',
  timezone: 'Europe/Berlin',
  postalCode: '10115',
  latitude: '52.52440',
  longitude: '13.41050',
  asn: 3320,
  asOrganization: 'Deutsche Telekom AG',
  httpProtocol: 'HTTP/2',
  tlsVersion: 'TLSv1.3',
  tlsCipher: 'AEAD-AES128-GCM-SHA256',
}

/** Header that the sockets of the measured Workers read `request.cf` from. */
export const CF_HEADER = 'Bench-Cf'

/** Event number `index` of a run: every fourth is a page view, the others the shop's `Product Viewed`. */
export function createEvent(index: number, nowMs: number): Record<string, unknown> {
  const product = `SKU-${1000 + (index % 500)}`
  const at = new Date(nowMs - (index % 900)).toISOString()
  const page = {
    path: `/product/${product}`,
    url: `https://shop.example/product/${product}?utm_source=news&utm_medium=email&utm_campaign=autumn`,
    title: 'Trail shoe',
    referrer: 'https://mail.example/',
  }
  return {
    ...(index % 4 === 0
      ? { type: 'page', name: 'Product', properties: { ...page, list: 'Autumn' } }
      : { type: 'track', event: 'Product Viewed', properties: describeProduct(index, product) }),
    messageId: `ajs-next-${nowMs}-${createUuid(index)}`,
    anonymousId: createUuid(index % 2_000),
    userId: index % 3 === 0 ? `user-${index % 700}` : null,
    timestamp: at,
    context: {
      page: index % 4 === 0 ? { path: page.path, title: page.title } : page,
      campaign: { source: 'news', medium: 'email', name: 'autumn' },
      locale: 'de-DE',
      library: { name: 'analytics.js', version: 'next-1.81.0' },
    },
  }
}

function describeProduct(index: number, product: string) {
  return {
    product_id: product,
    name: 'Trail shoe',
    price: 20 + (index % 1_000) / 10,
    currency: 'EUR',
    quantity: 1 + (index % 3),
  }
}

/** Looks random and is the same in every run. */
function createUuid(index: number): string {
  const digits = [2_654_435_761, 2_246_822_519, 3_266_489_917, 668_265_263]
    .map((factor) => hex(index, factor))
    .join('')
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20)}`
}

/** Eight hex digits. */
function hex(index: number, factor: number): string {
  return (Math.imul(index + 1, factor) >>> 0).toString(16).padStart(8, '0')
}

/** A pool of whole HTTP requests, head and body, with `batchEvents` events each, for the write key `dev`. */
export function buildRequests(requestCount: number, batchEvents: number, nowMs: number): Buffer[] {
  return Array.from({ length: requestCount }, (_, request) => {
    const batch = Array.from({ length: batchEvents }, (_, i) => createEvent(request * batchEvents + i, nowMs))
    const body = JSON.stringify({ writeKey: 'dev', sentAt: new Date(nowMs).toISOString(), batch })
    return Buffer.from(`${buildHead(request, Buffer.byteLength(body))}${body}`)
  })
}

function buildHead(request: number, contentLength: number): string {
  return [
    'POST /v1/batch HTTP/1.1',
    'Host: collector.example',
    'Content-Type: text/plain;charset=UTF-8',
    `Content-Length: ${contentLength}`,
    `User-Agent: ${USER_AGENTS[request % USER_AGENTS.length]}`,
    'Accept: */*',
    'Accept-Language: de-DE,de;q=0.9,en;q=0.8',
    'Origin: https://shop.example',
    'Referer: https://shop.example/',
    'Sec-CH-UA: "Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
    'Sec-CH-UA-Mobile: ?0',
    'Sec-CH-UA-Platform: "Windows"',
    `CF-Connecting-IP: 203.0.113.${request % 250}`,
    `${CF_HEADER}: ${JSON.stringify(CF)}`,
    '\r\n',
  ].join('\r\n')
}
