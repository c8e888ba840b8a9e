/** Makes texts that a pattern or a format probably takes. Whoever uses them tries them against the real schema. */

/** Samples of zod's formats; the second and later ones are at their edges. */
const FORMAT_SAMPLES: Readonly<Record<string, readonly string[]>> = {
  email: ['ada@example.com', 'a.b+c@mail.example.co.uk'],
  url: [
    'https://example.com/path?a=1',
    'http://example.com',
    'ftp://example.com/file',
    'mailto:ada@example.com',
  ],
  uuid: ['01890a5d-ac96-774b-bcce-b302099a8057', 'f47ac10b-58cc-4372-a567-0e02b2c3d479'],
  guid: ['f47ac10b-58cc-4372-a567-0e02b2c3d479', 'f47ac10b-58cc-0372-0567-0e02b2c3d479'],
  datetime: [
    '2026-01-02T03:04:05Z',
    '2026-01-02T03:04:05.678Z',
    '2026-01-02T03:04:05+01:00',
    '2026-01-02T03:04:05',
  ],
  date: ['2026-01-02', '2024-02-29'],
  time: ['03:04:05', '03:04', '03:04:05.678'],
  duration: ['P1DT2H', 'PT5M'],
  ipv4: ['192.0.2.1'],
  ipv6: ['2001:db8::1'],
  cidrv4: ['192.0.2.0/24'],
  cidrv6: ['2001:db8::/32'],
  e164: ['+4915112345678'],
  base64: ['aGVsbG8=', ''],
  base64url: ['aGVsbG8', ''],
  jwt: ['eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl'],
  emoji: ['😀'],
  cuid: ['cjld2cjxh0000qzrmn831i7rn'],
  cuid2: ['tz4a98xxat96iws9zmbrgj3a'],
  ulid: ['01ARZ3NDEKTSV4RRFFQ69G5FAV'],
  nanoid: ['V1StGXR8_Z5jdHi6B-myT'],
  ksuid: ['0ujtsYcgvSTl8PAuAdqWYSMnLOv'],
  xid: ['9m4e2mr0ui3e8a215n4g'],
  hostname: ['example.com'],
  lowercase: ['text'],
  uppercase: ['TEXT'],
  json_string: ['{}'],
}

/** Texts for a format by zod's name for it; empty when it is not known. */
export function sampleFormat(format: string): readonly string[] {
  return FORMAT_SAMPLES[format] ?? []
}

/** How a sample is made: which alternative or character of a class, and how often what may repeat. */
interface Choice {
  pick: number
  extra: number
}

/** Few, short and different: the first alternatives and fewest repetitions, then others; negative ones from the end. */
const CHOICES: readonly Choice[] = [
  { pick: 0, extra: 0 },
  { pick: 0, extra: 1 },
  { pick: 1, extra: 2 },
  { pick: 2, extra: 5 },
  { pick: -1, extra: 1 },
  { pick: -2, extra: 9 },
]

/** Most repetitions in a sample. */
const MAX_REPEATS = 200

/** Texts for a pattern. What it does not understand (look-around, back references) it leaves out of the text. */
export function samplePattern({ source }: RegExp): string[] {
  return [...new Set(CHOICES.map((choice) => createSampler(source, choice).alternatives()))]
}

/** Reads a pattern from left to right, and makes one text on the way. */
function createSampler(source: string, { pick, extra }: Choice) {
  let at = 0

  function alternatives(): string {
    const texts = [sequence()]
    while (source[at] === '|') {
      at += 1
      texts.push(sequence())
    }
    return choose(texts)
  }

  function sequence(): string {
    let text = ''
    while (at < source.length && source[at] !== '|' && source[at] !== ')') {
      const part = atom()
      text += part.repeat(repeats())
    }
    return text
  }

  function atom(): string {
    const char = source[at] ?? ''
    at += 1
    if (char === '(') return group()
    if (char === '[') return characterClass()
    if (char === '\\') return choose(escaped())
    if (char === '.') return choose(['a', 'b', '1'])
    return char === '^' || char === '$' ? '' : char
  }

  function group(): string {
    const lead = /^\?(?:[:=!]|<[=!]|<\w+>)/.exec(source.slice(at))?.[0] ?? ''
    at += lead.length
    const text = alternatives()
    at += 1
    return /^\?<?[=!]/.test(lead) ? '' : text
  }

  /** Characters of a class such as `[a-z0-9_]`; of one that excludes, some common ones that it lets through. */
  function characterClass(): string {
    const isNegated = source[at] === '^'
    if (isNegated) at += 1
    const members: string[] = []
    while (at < source.length && source[at] !== ']') members.push(...member())
    at += 1
    if (!isNegated) return choose(members)
    return choose(['a', 'A', '1', '-', ' ', '.', '_'].filter((char) => !members.includes(char)))
  }

  function member(): readonly string[] {
    const first = classCharacter()
    if (source[at] !== '-' || source[at + 1] === ']' || first.length !== 1) return first
    at += 1
    const last = classCharacter()[0] ?? ''
    return range(first[0] ?? '', last)
  }

  function classCharacter(): readonly string[] {
    const char = source[at] ?? ''
    at += 1
    return char === '\\' ? escaped() : [char]
  }

  function escaped(): readonly string[] {
    const char = source[at] ?? ''
    at += 1
    const hex = /^(?:x[\da-f]{2}|u[\da-f]{4})/i.exec(source.slice(at - 1))?.[0]
    if (hex !== undefined) {
      at += hex.length - 1
      return [String.fromCharCode(Number.parseInt(hex.slice(1), 16))]
    }
    return ESCAPES[char] ?? [char]
  }

  function repeats(): number {
    const quantifier = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/.exec(source.slice(at))
    if (quantifier === null) return 1
    at += quantifier[0].length
    const [, low, comma, high] = quantifier
    const sign = quantifier[0][0]
    const min = low === undefined ? (sign === '+' ? 1 : 0) : Number(low)
    const unbounded = sign === '?' ? 1 : Number.POSITIVE_INFINITY
    const max = low === undefined ? unbounded : comma === '' ? min : high === '' ? unbounded : Number(high)
    return Math.min(min + extra, max, Math.max(min, MAX_REPEATS))
  }

  function choose(options: readonly string[]): string {
    return options.at(pick % Math.max(1, options.length)) ?? ''
  }

  return { alternatives }
}

const DIGITS = [...'0123456789']

const ESCAPES: Readonly<Record<string, readonly string[]>> = {
  d: DIGITS,
  D: ['a', '-'],
  w: ['a', 'B', '7', '_'],
  W: ['-', ' '],
  s: [' '],
  S: ['a', '1'],
  b: [''],
  B: [''],
  n: ['\n'],
  t: ['\t'],
  r: ['\r'],
}

function range(first: string, last: string): string[] {
  const [from, to] = [first.charCodeAt(0), last.charCodeAt(0)]
  return Array.from({ length: Math.min(Math.max(0, to - from + 1), 64) }, (_, index) =>
    String.fromCharCode(from + index),
  )
}
