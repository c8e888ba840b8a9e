/** Each check of the docs finds the mistake that it is for: a wrong flag, a wrong name, a wrong column, a block that nobody marked. */

import { rm } from 'node:fs/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { findBlocks } from './blocks.ts'
import { checkCommands } from './commands.ts'
import { compile } from './compile.ts'
import { checkData, checkWranglerFiles } from './data-formats.ts'
import { checkHtml, moduleScripts } from './html.ts'
import { projectPath, writeModules } from './modules.ts'
import { findDifferences, findMissing } from './outputs.ts'
import { splitCommands } from './shell-words.ts'

/** The one block of a page. */
function blockOf(language: string, code: string, mark = '') {
  const [block] = findBlocks('page.md', `${mark}\n\`\`\`${language}\n${code}\n\`\`\`\n`)
  if (block === undefined) throw new Error('no block')
  return block
}

describe('the blocks of a page', () => {
  it('have place, language, heading, marks and code without the indentation of a list', () => {
    const text =
      '# Page\n\n## Part\n\n- item\n\n  <!-- given: a; file: b.ts -->\n  ~~~ts signature\n  x\n    y\n  ~~~\n\n````md\n```sh\n```\n````\n'
    expect(findBlocks('page.md', text)).toEqual([
      {
        file: 'page.md',
        line: 8,
        language: 'ts',
        isSignature: true,
        code: 'x\n  y\n',
        heading: 'Part',
        marks: { given: 'a', file: 'b.ts' },
      },
      {
        file: 'page.md',
        line: 13,
        language: 'md',
        isSignature: false,
        code: '```sh\n```\n',
        heading: 'Part',
        marks: {},
      },
    ])
  })

  it.each([
    ['<!-- not run: needs an account -->', { notRun: 'needs an account' }],
    ['  <!-- printed by the commands above -->', { isOutput: true }],
    ['<!-- answer of the command above -->', { isAnswer: true }],
    ['<!-- body of POST /v1/batch -->', { bodyOf: '/v1/batch' }],
    ['<!-- status: 403, 429; engine: duckdb -->', { statuses: [403, 429], engine: 'duckdb' }],
    ['<!-- may fail: npx millrace dead show -->', { mayFail: 'npx millrace dead show' }],
    ['<!-- not run -->', {}],
    ['not run: a sentence', {}],
  ])('have what %s says', (line, marks) => expect(blockOf('sh', '', line).marks).toEqual(marks))
})

describe('a script', () => {
  it('is taken apart into commands and words', () => {
    const script = `A=1 npx x 'a b' "c $D" \\\n  --e # no\nf() { curl "$(date +%s)" | jq . > out; }\nif g; then h && i; fi`
    expect(splitCommands(script)).toEqual([
      { words: ['npx', 'x', 'a b', 'c $D', '--e'], line: 1 },
      { words: ['f'], line: 3 },
      { words: ['date', '+%s'], line: 3 },
      { words: ['curl', '$(date +%s)'], line: 3 },
      { words: ['jq', '.'], line: 3 },
      { words: ['g'], line: 4 },
      { words: ['h'], line: 4 },
      { words: ['i'], line: 4 },
    ])
  })

  it.each([
    ['npx millrace export --source shop --out x --form csv', 'unknown option'],
    ['npx millrace tail', "required option '--source"],
    ['MILLRACE_READ_TOKEN=x npx millrace tail --source shop --limit none', 'is invalid'],
    ['npx -y millrace lokup load', 'unknown command'],
    ['npx millrce books', 'no program millrce'],
    ['npm run biuld', 'no script biuld'],
    ['npm run build --workspace sdk-wep', 'no script build'],
    ['npm run bench -- sizez', 'no measurement sizez'],
    ['npm run bench -- faults --seedz 1', 'no option --seedz'],
    ['npm run millrace -- books --source shop --gap', 'unknown option'],
    ['npm isntall', 'no command of npm'],
    ['npm create milrace', 'npm create of what'],
    ['npx wrangler r2 bucket lifecycle add b n p --expire-day 3', 'no option --expire-day'],
    ['npx wrangler r2 bukcet create b', 'no such command'],
    ['npx wrangler secret put A B', 'takes 1 values, got 2'],
    ['node scripts/none.ts', 'there is no scripts/none.ts'],
    ['cp node_modules/none/x.js public/', 'there is no node_modules/none/x.js'],
    ['cd examples/none', 'there is no examples/none'],
  ])('is refused: %s', (script, message) => {
    expect(checkCommands(blockOf('sh', script))).toEqual([
      { place: 'page.md:3', message: expect.stringContaining(message) },
    ])
  })

  it.each([
    'npm start',
    'npm run bench -- faults --seed 17 sizes',
    'npx millrace query top --source shop --field page_path | head',
    'npx wrangler secret put A --env staging',
    'npx wrangler deploy --dry-run --outdir x',
    'node --watch scripts/run.mjs',
    'cd my-site',
  ])('is taken: %s', (script) => expect(checkCommands(blockOf('sh', script))).toEqual([]))

  it('is behind the prompt in a console', () => {
    const [finding] = checkCommands(blockOf('console', 'npm run none\n$ npm run nothing\nnpm run none'))
    expect(finding).toEqual({ place: 'page.md:4', message: expect.stringContaining('no script nothing') })
  })
})

describe('code', () => {
  const folder = projectPath('checks')
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('that does not compile is told by page and line', async () => {
    const blocks = [
      blockOf(
        'ts',
        "import { createMillrace } from '@millrace/web'\ncreateMillrace({ writeKye: 'a', endpoint: '' })",
      ),
      { ...blockOf('ts', "bot: 'filter'", '<!-- given: setting of a source -->'), line: 20 },
      { ...blockOf('js', "import '@millrace/web/autocapure'"), line: 30 },
      {
        ...blockOf(
          'ts',
          'const one: number = 1 // does not compile: a lie\nconst two: number = "2" // does not compile',
        ),
        line: 40,
      },
      ...moduleScripts({
        ...blockOf('html', '<p></p>\n<script type="module">\nnothing()\n</script>'),
        line: 50,
      }),
    ]
    const findings = await compile(await writeModules(blocks, folder), folder)
    expect(
      findings.map(({ place, message }) => `${place} ${message.replace(/:.*/s, '')}`).toSorted(),
    ).toEqual([
      'page.md:21 TS2561',
      'page.md:31 TS2882',
      'page.md:4 TS2561',
      'page.md:41 compiles, and says it does not',
      'page.md:53 TS2304',
    ])
  }, 30_000)

  it('with surroundings that there are not is refused', async () => {
    const block = blockOf('ts', 'a', '<!-- given: nothing -->')
    await expect(writeModules([block], folder)).rejects.toThrow('page.md:2: there is no "nothing"')
  })
})

describe('HTML', () => {
  it.each([
    ['<div><p></div>', 'missing end tag'],
    ['<script>a b</script>', 'SyntaxError'],
    ['<script>((e,t)=>{if(e[t])return})(window,"millrace")</script>', 'the snippet is not that of'],
    ['<script src="x" integrity="sha384-abc" crossorigin></script>', 'sha384-abc is no integrity value'],
    [`<script src="x" integrity="sha256-${'A'.repeat(43)}="></script>`, 'needs crossorigin'],
  ])('is refused: %s', (code, message) => {
    expect(checkHtml(blockOf('html', code))).toEqual([
      { place: 'page.md:2', message: expect.stringContaining(message) },
    ])
  })
})

describe('data', () => {
  it.each([
    ['json', '{ "a": 1, }'],
    ['jsonc', '{ "a": // one\n }'],
    ['toml', 'a = '],
    ['yaml', 'a: [1\nb: 2'],
    ['csv', 'a,b\n1,2,3'],
    ['ndjson', '{}\n{'],
  ])('in %s that cannot be read is refused', (language, code) => {
    expect(checkData(blockOf(language, code))).toEqual([{ place: 'page.md:2', message: expect.any(String) }])
  })

  it('in jsonc may have comments', () => {
    expect(checkData(blockOf('jsonc', '// first\n{\n  "url": "https://x", // second\n  "b": 1\n}'))).toEqual(
      [],
    )
  })

  it('of wrangler.toml with a field that wrangler does not know is refused', async () => {
    const block = blockOf('toml', '[[services]]\nbinding = "SELF"\nservise = "millrace"')
    expect(await checkWranglerFiles([block])).toEqual([
      { place: 'page.md:2', message: expect.stringContaining('servise') },
    ])
  }, 30_000)
})

describe('what is shown', () => {
  it('was printed, in its order, with others where it says …', () => {
    const printed = 'a 1\nsomething else\nb 0123456789abcdef0123456789abcdef  \nc'
    expect(findDifferences('a …\nb ffffffffffffffffffffffffffffffff\nc\n', printed)).toEqual([])
    expect(findDifferences('c\na 1', printed)).toEqual([expect.stringMatching('^shows a 1, but')])
    expect(findDifferences('a 2', printed)).toEqual([expect.stringMatching('^shows a 2, but')])
  })

  it('of an answer has the fields and the columns that came', () => {
    const printed =
      '{"columns":["a","b"],"rows":[[1,2]],"totals":{"x":1},"series":[{"name":"n","values":[]}]}'
    expect(
      findMissing('{"columns":["a","b"],"totals":{"x":7},"series":[{"name":"m","values":[3]}]}', printed),
    ).toEqual([])
    expect(
      findMissing('{"columns":["a"],"totals":{"y":1},"series":[{"total":1}],"asOf":1}', printed),
    ).toEqual([
      '.columns are ["a","b"]',
      'there is no .totals.y',
      'there is no .series[0].total',
      'there is no .asOf',
    ])
    expect(findMissing('{"columns":["a"]}', '{"columns":["b"]}\n\n{"columns":["a"]}\n')).toEqual([])
    expect(findMissing('{}', 'no JSON')).toEqual([expect.stringContaining('no JSON')])
  })
})
