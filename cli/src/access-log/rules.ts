/**
 * Which requests of an access log are page views: an ordered list of small rules, each naming one kind of request that is
 * none. The first that matches counts the line; a request that none matches is a page view. Pure.
 *
 * Crawlers stay in: they do load pages, and telling them apart is the business of whoever looks at the user agent later.
 * Names of files that no list knows stay in too (`/blog/release-1.2`, `/users/jane.doe`): a page too many shows up in a
 * report of top pages, a page that is missing does not.
 */

import type { LogEntry } from './parse-line.ts'

/** A request as the rules see it. */
interface Candidate {
  method: string
  status: number
  /** Path in lower case. */
  path: string
  /** Query in lower case, with its `?`. */
  search: string
  /** What follows the last dot of the path's last part, in lower case; empty when there is none. */
  extension: string
}

/** A kind of request that is not a page view. */
export interface SkipRule {
  name: string
  /** One line for the report and the README. */
  description: string
  matches(candidate: Candidate): boolean
}

/** Parts of a page, fetched by the browser to show it. */
const ASSET_EXTENSIONS = words(`
  css less scss js mjs cjs map wasm
  png jpg jpeg gif svg svgz webp avif ico cur bmp tif tiff heic jxl
  woff woff2 ttf otf eot
  mp3 m4a aac ogg oga opus wav flac mp4 m4v mov avi mkv webm ogv flv swf vtt m3u8 ts m4s`)

/** Files that are fetched to be kept or read as they are, and code. */
const DOWNLOAD_EXTENSIONS = words(`
  pdf doc docx odt rtf xls xlsx ods ppt pptx odp epub mobi ps eps tex djvu
  zip gz tgz bz2 tbz xz txz zst 7z rar tar lzma jar war ear whl gem egg crate nupkg
  exe msi dmg pkg deb rpm apk ipa appimage iso img bin dll so msix
  txt md markdown rst log conf cfg ini yml yaml toml sql csv tsv diff patch asc sig sha256 md5 torrent ics vcf pcap bak
  c h cc cpp cxx hpp m4 mk java class scala kt go rs py pyc rb pl pm sh bash zsh bat ps1 lua vim el hs swift spec xs r`)

/** Answers for programs. Feeds, which are XML too, come before. */
const DATA_EXTENSIONS = words('json jsonld ndjson xml xsl xslt xsd rdf wsdl geojson proto bson')

/** The rules in the order in which they are tried. */
export const SKIP_RULES: readonly SkipRule[] = [
  {
    name: 'method',
    description: 'not a GET: HEAD, POST, OPTIONS ...',
    matches: ({ method }) => method !== 'GET',
  },
  {
    name: 'redirect',
    description: 'answered with a redirect; the page it leads to has its own line',
    matches: ({ status }) => status >= 300 && status < 400 && status !== 304,
  },
  {
    name: 'error',
    description: 'answered with an error: 4xx, 5xx',
    matches: ({ status }) => status >= 400,
  },
  {
    name: 'no-document',
    description: 'answered without a document (1xx, 204, 205) or with a piece of a file (206)',
    matches: ({ status }) => status < 200 || (status >= 204 && status <= 206),
  },
  {
    name: 'site-file',
    description:
      'files that browsers and robots ask every site for: robots.txt, favicon, sitemap, .well-known',
    matches: ({ path }) =>
      /^\/+\.well-known\//.test(path) ||
      /\/(robots\.txt|humans\.txt|ads\.txt|app-ads\.txt|security\.txt|favicon[^/]*|apple-touch-icon[^/]*|browserconfig\.xml|crossdomain\.xml|site\.webmanifest|manifest\.json|sitemap[^/]*\.(xml|txt)(\.gz)?)$/.test(
        path,
      ),
  },
  {
    name: 'health-check',
    description: 'probes of load balancers and monitors: /healthz, /ping, /metrics, /server-status ...',
    matches: ({ path }) =>
      /^\/(healthz?|health-?check|livez|readyz|ping|metrics|server-status|nginx_status|stub_status)\/?$/.test(
        path,
      ),
  },
  {
    name: 'feed',
    description: 'RSS and Atom: /feed, feed.xml, .rss, .atom, ?feed=rss2, ?flav=atom',
    matches: ({ path, search, extension }) =>
      extension === 'rss' ||
      extension === 'atom' ||
      /\/(feed|rss2?|atom)\/?$/.test(path) ||
      /\/(feeds?|rss2?|atom|index)\.(xml|rdf|json)$/.test(path) ||
      /[?&;](feed|flav|format|type|alt)=(rss|atom|rdf|feed|json-?feed)[\w.-]*(&|;|$)/.test(search),
  },
  {
    name: 'asset',
    description: 'parts of a page: styles, scripts, images, fonts, sound, video',
    matches: ({ extension }) => ASSET_EXTENSIONS.has(extension),
  },
  {
    name: 'download',
    description: 'documents, archives, programs, plain text and source files',
    matches: ({ extension }) => DOWNLOAD_EXTENSIONS.has(extension),
  },
  {
    name: 'data',
    description: 'answers for programs: JSON, XML, /api/, /graphql, /wp-json/',
    matches: ({ path, extension }) =>
      DATA_EXTENSIONS.has(extension) || /^\/(api|graphql|wp-json|ajax|rpc|_next\/data)(\/|$)/.test(path),
  },
]

/** Counted for an entry without a request that could be looked at; no rule of the list, because they all look at one. */
export const NO_REQUEST: Omit<SkipRule, 'matches'> = {
  name: 'no-request',
  description: 'the request line is not HTTP or names no path: "-", binary noise, OPTIONS *',
}

/** Name and description of every way to be skipped, in the order of the report. */
export const SKIP_KINDS: readonly Omit<SkipRule, 'matches'>[] = [NO_REQUEST, ...SKIP_RULES]

/** Name of the first rule that the entry falls under; nothing for a page view. */
export function findSkipRule({ request, status }: LogEntry): string | undefined {
  if (request === undefined) return NO_REQUEST.name
  const path = request.path.toLowerCase()
  const candidate: Candidate = {
    method: request.method,
    status,
    path,
    search: request.search.toLowerCase(),
    extension: /\.([^./]+)$/.exec(path)?.[1] ?? '',
  }
  return SKIP_RULES.find((rule) => rule.matches(candidate))?.name
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/))
}
