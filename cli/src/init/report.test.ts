import { describe, expect, it } from 'vitest'
import { fakeProject } from './fake-project.ts'
import { writePackageJson } from './package-json.ts'
import { formatReport, type InitReport } from './report.ts'

function reportOf(changes: Partial<InitReport> = {}): string {
  const project = fakeProject()
  const files: InitReport['files'] = [
    { name: 'millrace.config.ts', outcome: 'created' },
    { name: 'wrangler.toml', outcome: 'unchanged' },
  ]
  const packageJson = writePackageJson(project)
  return formatReport({ project, folder: 'shop', workingFolder: '/home/me', files, packageJson, ...changes })
}

describe('the report', () => {
  it('says what was written, what to type next, and what goes into the pages', () => {
    expect(reportOf()).toBe(`shop:
  created    millrace.config.ts
  unchanged  wrangler.toml

Next:
  cd shop
  npm install
  npm run dev                      everything on this machine; needs no account
  npm run deploy -- --env staging  to Cloudflare, beside production
  npm run deploy                   to Cloudflare, production

In your pages, when it is deployed:
  <script async src="https://events.shop.example/millrace.js" data-write-key="wk_test" data-auto-page></script>
`)
  })

  it.each([
    ['../millrace', '../millrace/cli ../millrace/sdk-node'],
    ['../..', '../../cli ../../sdk-node'],
    ['clone', './clone/cli ./clone/sdk-node'],
    ['../my clone', "'../my clone/cli' '../my clone/sdk-node'"],
  ])('installs from the clone that the project is made from, %s', (clone, folders) => {
    const text = reportOf({ clone })
    expect(text).toContain(
      `\n  npm install --install-links ${folders}\n  npm run dev                      every`,
    )
    expect(text).not.toContain('npm install\n')
  })

  it.each([
    ['.', false],
    ['/home/me', false],
    ['./a/', 'cd a\n'],
    ['/srv/my site', "cd '/srv/my site'\n"],
    ["it's", "cd 'it'\\''s'\n"],
  ])('goes to the folder %s where that is another', (folder, command) => {
    const text = reportOf({ folder })
    if (command === false) expect(text).not.toContain('cd ')
    else expect(text).toContain(command)
  })

  it('names the commands by themselves where the scripts are somebody else’s', () => {
    const text = reportOf({
      packageJson: '{ "type": "module", "scripts": { "dev": "vite", "deploy": "cap" } }',
    })
    expect(text).toContain('  npx millrace dev ')
    expect(text).toContain('  npx millrace deploy --env staging ')
    expect(text).not.toContain('"type"')
  })

  it('says what package.json must say where it does not', () => {
    expect(reportOf({ packageJson: '{ "type": "commonjs" }' })).toContain('does not say "type": "module"')
  })

  it.each([
    ['dependencies', '^3.23.8', true],
    ['devDependencies', '^4.0.0', true],
    ['dependencies', '4.6.7', false],
  ])('remarks on another zod (%s: %s)', (list, version, isOther) => {
    const packageJson = JSON.stringify({ type: 'module', [list]: { zod: version } })
    expect(reportOf({ packageJson }).includes('npm install --save-exact zod@4.6.7')).toBe(isOther)
  })

  it('says what stands between the project and its deployment', () => {
    const project = fakeProject({ clickhouse: null, staging: false })
    const text = reportOf({ project })
    expect(text).toContain('over https://clickhouse.invalid:8443 in wrangler.toml')
    expect(text).toContain('  npm run deploy  to Cloudflare\n')
    expect(reportOf()).not.toContain('clickhouse.invalid')
  })

  it.each(['millrace.config.ts', 'wrangler.toml'])(
    'knows neither key nor address where %s was kept',
    (name) => {
      const project = fakeProject({ clickhouse: null })
      expect(reportOf({ project, files: [{ name, outcome: 'kept' }] })).not.toContain('<script')
      expect(reportOf({ files: [{ name, outcome: 'beside', beside: `${name}.new` }] })).toContain(
        `the new one is ${name}.new`,
      )
    },
  )

  it('obeys nothing that a name says', () => {
    expect(reportOf({ folder: 'a\x1b[2J' })).toContain('a\\u{1b}[2J:')
  })
})
