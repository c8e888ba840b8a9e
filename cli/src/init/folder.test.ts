import fs from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fakeProject, temporaryFolder } from './fake-project.ts'
import { type FileSystem, type NewFile, openProjectFolder } from './folder.ts'

const NOTHING = () => {}

function newFile(name: string, text = `text of ${name}`): NewFile {
  return { name, text, before: undefined }
}

/** Node's own, with one of its functions failing from a call on. */
function failing(name: keyof FileSystem, code: string, onCall: number): FileSystem {
  let calls = 0
  const own = fs[name] as (...args: unknown[]) => Promise<unknown>
  const step = async (...args: unknown[]) => {
    calls++
    if (calls < onCall) return own(...args)
    throw Object.assign(new Error(`${code}: no such luck, ${name} 'x'`), { code })
  }
  return { ...fs, [name]: step }
}

describe('the folder of a project', () => {
  it('is made, with all that leads to it, and has its files whole', async () => {
    const path = join(await temporaryFolder(), 'a/b')
    await openProjectFolder(path).write([newFile('one'), newFile('two')], NOTHING)
    expect((await fs.readdir(path)).sort()).toEqual(['one', 'two'])
    expect(await fs.readFile(join(path, 'two'), 'utf8')).toBe('text of two')
  })

  it('is not made for nothing', async () => {
    const path = join(await temporaryFolder(), 'a')
    await openProjectFolder(path).write([], NOTHING)
    await expect(fs.stat(path)).rejects.toThrow('ENOENT')
  })

  it('gives what is there, and nothing where nothing is', async () => {
    const path = await temporaryFolder()
    await fs.writeFile(join(path, 'one'), '\uFEFFone', { mode: 0o600 })
    const folder = openProjectFolder(path)
    expect(await folder.read('one')).toEqual({ text: '\uFEFFone', mode: 0o600 })
    expect(await folder.read('two')).toBeUndefined()
  })

  it('keeps the permissions of a file that is replaced', async () => {
    const path = await temporaryFolder()
    await fs.writeFile(join(path, 'one'), 'old', { mode: 0o600 })
    const folder = openProjectFolder(path)
    await folder.write([{ ...newFile('one'), before: await folder.read('one') }], NOTHING)
    expect(await folder.read('one')).toEqual({ text: 'text of one', mode: 0o600 })
  })

  it.each([
    ['a folder', (path: string) => fs.mkdir(path), 'is a folder, not a file'],
    [
      'a link',
      (path: string) => fs.symlink('/etc/hostname', path),
      'is a symbolic link, which is not followed',
    ],
    ['bytes', (path: string) => fs.writeFile(path, Buffer.from([0xff, 0xfe, 0x00])), 'is not UTF-8 text'],
  ])('refuses %s in the place of a file', async (_, make, message) => {
    const path = await temporaryFolder()
    await make(join(path, 'one'))
    await expect(openProjectFolder(path).read('one')).rejects.toThrow(message)
  })

  it('says so when it is a file itself', async () => {
    const path = join(await temporaryFolder(), 'file')
    await fs.writeFile(path, '')
    await expect(openProjectFolder(path).read('one')).rejects.toThrow(
      /cannot read .*file.one: not a directory/,
    )
  })
})

describe('a write that fails', () => {
  it.each([
    ['writeFile', 'ENOSPC', 3, 'cannot write'],
    ['mkdir', 'EACCES', 1, 'cannot make'],
    ['rename', 'EIO', 1, 'cannot write'],
  ] as const)('leaves nothing behind: %s with %s', async (name, code, onCall, message) => {
    const root = await temporaryFolder()
    const files = [newFile('one'), newFile('two'), newFile('three')]
    const folder = openProjectFolder(join(root, 'a/b'), failing(name, code, onCall))
    await expect(folder.write(files, NOTHING)).rejects.toThrow(`${message} ${join(root, 'a/b')}`)
    expect(await fs.readdir(root)).toEqual([])
  })

  it('in the middle of the renames says which files are there, and removes the rest', async () => {
    const path = await temporaryFolder()
    const folder = openProjectFolder(path, failing('rename', 'EIO', 2))
    const written = folder.write([newFile('one'), newFile('two')], NOTHING)
    await expect(written).rejects.toThrow(/two: no such luck; written before it: one$/)
    expect(await fs.readdir(path)).toEqual(['one'])
  })

  it('is one that would undo what somebody else has written meanwhile', async () => {
    const path = await temporaryFolder()
    await fs.writeFile(join(path, 'two'), 'theirs')
    const written = openProjectFolder(path).write([newFile('one'), newFile('two')], NOTHING)
    await expect(written).rejects.toThrow('two was changed meanwhile, and nothing was written')
    expect(await fs.readdir(path)).toEqual(['two'])
    expect(await fs.readFile(join(path, 'two'), 'utf8')).toBe('theirs')
  })

  it('leaves everything as it was when it is stopped at the last moment', async () => {
    const root = await temporaryFolder()
    await fs.writeFile(join(root, 'keep'), fakeProject().name)
    const stop = () => {
      throw new Error('stopped')
    }
    await expect(openProjectFolder(join(root, 'a')).write([newFile('one')], stop)).rejects.toThrow('stopped')
    expect(await fs.readdir(root)).toEqual(['keep'])
  })
})
