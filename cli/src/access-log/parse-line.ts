/**
 * One line of an access log to a typed entry: Apache's common and combined formats and nginx's `combined`, which are the
 * same but for how they escape. Knows the format; nothing of which requests matter.
 *
 * Sources: https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats and
 * https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format
 */

/** One request as the web server logged it. */
export interface LogEntry {
  /** Address of the client, or its host name when the server looks names up. */
  client: string
  /** When the server got the request, in milliseconds since the epoch. */
  timestampMs: number
  /** Absent when the request line is not HTTP (`-`, binary noise on a port, `OPTIONS *`). */
  request: LoggedRequest | undefined
  status: number
  /** Bytes of the answer's body; `-` counts as 0. */
  bytes: number
  /** Absent when the log says `-` or nothing, and in the common format. */
  referrer: string | undefined
  /** Absent when the log says `-` or nothing, and in the common format. */
  userAgent: string | undefined
}

/** The request line, with the fragment (which no browser sends) cut off. */
export interface LoggedRequest {
  method: string
  /** From the first `/`, with its percent-encoding as it came. */
  path: string
  /** From the `?` on, or empty. */
  search: string
}

export type ParsedLine = { ok: true; entry: LogEntry } | { ok: false; reason: MalformedReason }

/** Why a line is not an entry. */
export type MalformedReason =
  | 'empty line'
  | 'line too long'
  | 'not a common or combined log line'
  | 'impossible time'

/** A quoted field whose content may hold `\"`. Written without nested choice, so that it takes linear time. */
const QUOTED = String.raw`"([^"\\]*(?:\\.[^"\\]*)*)"`

/**
 * client, ident, user, [time], "request", status, bytes, and in the combined format "referrer" "user agent". A user name may
 * hold spaces, and brackets too, hence the bound on the time's length. Fields after the user agent, which many nginx configurations add, are passed over.
 */
const LINE = new RegExp(
  String.raw`^(\S+) \S+ .*?\[([^\]]{1,40})\] ${QUOTED} (\d{3}) (\d+|-)(?: ${QUOTED} ${QUOTED}(?: .*)?)?$`,
)

/** `17/May/2015:10:05:03 +0200` */
const TIME = /^(\d{2})\/(\w{3})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})$/

const MONTHS: readonly string[] = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
]

/** What Apache writes for a control character, besides `\xNN`. */
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/**
 * The entry of one line without its end, or why it is none. Bytes that are not UTF-8, raw or as `\xNN`, become U+FFFD.
 * Times are read with the offset that the log gives.
 */
export function parseLine(line: Buffer): ParsedLine {
  // Latin-1 keeps one character per byte, so that raw bytes and \xNN can be decoded together, field by field.
  const text = line.toString('latin1')
  if (text.trim() === '') return { ok: false, reason: 'empty line' }
  const match = LINE.exec(text)
  if (match === null) return { ok: false, reason: 'not a common or combined log line' }
  const [, client = '', time = '', request = '', status = '', bytes = '', referrer, userAgent] = match
  const timestampMs = parseTime(time)
  if (timestampMs === undefined) return { ok: false, reason: 'impossible time' }
  const entry = {
    client,
    timestampMs,
    request: parseRequest(decodeField(request)),
    status: Number(status),
    bytes: bytes === '-' ? 0 : Number(bytes),
    referrer: textOrNothing(referrer),
    userAgent: textOrNothing(userAgent),
  }
  return { ok: true, entry }
}

function parseTime(text: string): number | undefined {
  const match = TIME.exec(text)
  if (match === null) return undefined
  const [, day, monthName = '', year, hour, minute, second, sign, offsetHours, offsetMinutes] = match
  const month = MONTHS.indexOf(monthName)
  const local = Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute), Number(second))
  // Date.UTC carries over (31 April is 1 May), so an impossible date shows as a different one. 60 is a leap second.
  const isReal = month !== -1 && new Date(local).getUTCDate() === Number(day)
  const isInRange =
    Number(hour) < 24 && Number(minute) < 60 && Number(second) <= 60 && Number(offsetMinutes) < 60
  if (!isInRange || !(isReal || second === '60')) return undefined
  const offsetMs = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000
  return sign === '-' ? local + offsetMs : local - offsetMs
}

/**
 * Method, path and query of a request line in origin form or absolute form (RFC 9112, section 3.2; the host of the latter
 * is left to `--site`). HTTP/0.9 names no version. A target with raw spaces, which is wrong but happens, is kept.
 */
function parseRequest(line: string): LoggedRequest | undefined {
  const match = /^([A-Z][A-Z-]*) (?:https?:\/\/[^/?# ]+)?(\/.*?)(?: HTTP\/[\d.]+)?$/is.exec(line)
  if (match === null) return undefined
  const [, method = '', target = ''] = match
  const [withoutFragment = ''] = target.split('#', 1)
  const queryAt = withoutFragment.indexOf('?')
  if (queryAt === -1) return { method, path: withoutFragment, search: '' }
  return { method, path: withoutFragment.slice(0, queryAt), search: withoutFragment.slice(queryAt) }
}

function textOrNothing(field: string | undefined): string | undefined {
  return field === undefined || field === '-' || field === '' ? undefined : decodeField(field)
}

/** A field in Latin-1 with `\"`, `\\`, `\n` ... (Apache) and `\xNN` (both) undone, read as UTF-8. */
function decodeField(field: string): string {
  const bytes = field.includes('\\')
    ? field.replace(/\\(?:x([0-9a-fA-F]{2})|(.))/gs, (_, hex: string | undefined, char: string) =>
        hex === undefined ? unescapeChar(char) : String.fromCharCode(Number.parseInt(hex, 16)),
      )
    : field
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8')
}

function unescapeChar(char: string): string {
  return char === '"' || char === '\\' ? char : (ESCAPES[char] ?? `\\${char}`)
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 0x7f) return false
  return true
}
