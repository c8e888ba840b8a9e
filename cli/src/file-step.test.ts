import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { createFileStep } from './file-step.ts'

class Failure extends Error {}

const attempt = createFileStep(Failure)
const read = () => readFile('/nowhere/at/all')

it('gives what the step gives', async () => {
  expect(await attempt('read', 'a', async () => 1)).toBe(1)
})

it('what is not there gives what is said instead, undefined too', async () => {
  expect(await attempt('read', '/nowhere/at/all', read, 'nothing')).toBe('nothing')
  expect(await attempt('read', '/nowhere/at/all', read, undefined)).toBeUndefined()
})

it('what fails is told by verb, path and the reason, as the error of the caller', async () => {
  const failing = attempt('read', '/nowhere/at/all', read)
  await expect(failing).rejects.toBeInstanceOf(Failure)
  await expect(failing).rejects.toThrow(/^cannot read \/nowhere\/at\/all: no such file or directory$/)
})

it('what is no error of the file system is thrown as it is', async () => {
  const fault = new TypeError('a mistake of ours')
  await expect(attempt('read', 'a', () => Promise.reject(fault))).rejects.toBe(fault)
})
