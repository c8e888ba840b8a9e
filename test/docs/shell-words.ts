/** Takes a shell script apart into commands and words, as far as examples need it. Bash itself is the judge of syntax. */

/** One command of a script: what stands between `;`, `|`, `&&`, `||`, brackets and ends of lines. */
export interface Command {
  /** Words without their quotes; substitutions stay as they are typed. */
  words: string[]
  /** Line in the script, from 1. */
  line: number
}

/** Characters that end a command. */
const ENDS = new Set([';', '|', '&', '\n', '(', ')'])

/** Words before a command that are no part of it. */
const KEYWORDS = new Set(['{', '}', 'if', 'then', 'else', 'do', 'done', 'fi', 'while', '!', 'time'])

interface State {
  text: string
  at: number
  line: number
}

/** Commands of a script in the order in which they are typed, those within `$( )` too. Assignments before one are left out. */
export function splitCommands(script: string): Command[] {
  const state: State = { text: script, at: 0, line: 1 }
  const commands: Command[] = []
  let current: Command = { words: [], line: 1 }
  const end = () => {
    const words = dropPrefix(current.words)
    if (words.length > 0) commands.push({ ...current, words })
    current = { words: [], line: state.line }
  }
  while (state.at < script.length) {
    const sign = script[state.at] ?? ''
    if (script.startsWith('\\\n', state.at)) step(state, 2)
    else if (sign === '#') state.at = endOfLine(state)
    else if (ENDS.has(sign)) {
      step(state)
      end()
    } else if (/\s/.test(sign)) step(state)
    else {
      if (current.words.length === 0) current.line = state.line
      current.words.push(readWord(state, commands))
    }
  }
  end()
  return commands
}

function readWord(state: State, commands: Command[]): string {
  let word = ''
  while (state.at < state.text.length) {
    const rest = state.text.slice(state.at)
    const sign = rest[0] ?? ''
    if (rest.startsWith('\\\n')) step(state, 2)
    else if (sign === '\\') {
      word += rest[1] ?? ''
      step(state, 2)
    } else if (sign === "'") word += readSingle(state)
    else if (sign === '"') word += readDouble(state, commands)
    else if (rest.startsWith('$(')) word += readSubstitution(state, commands)
    // `2>&1` and `<(` and the like are not looked into; a redirection ends a word or is one.
    else if (sign === '>' && rest[1] === '&') {
      word += rest.slice(0, 3)
      step(state, 3)
    } else if (/\s/.test(sign) || ENDS.has(sign)) break
    else {
      word += sign
      step(state)
    }
  }
  return word
}

function readSingle(state: State): string {
  const end = state.text.indexOf("'", state.at + 1)
  const stop = end === -1 ? state.text.length : end
  const text = state.text.slice(state.at + 1, stop)
  step(state, text.length + 2)
  return text
}

function readDouble(state: State, commands: Command[]): string {
  let text = ''
  step(state)
  while (state.at < state.text.length && state.text[state.at] !== '"') {
    if (state.text[state.at] === '\\') {
      const next = state.text[state.at + 1] ?? ''
      text += '"\\$`\n'.includes(next) ? next.trim() : `\\${next}`
      step(state, 2)
    } else if (state.text.startsWith('$(', state.at)) text += readSubstitution(state, commands)
    else {
      text += state.text[state.at]
      step(state)
    }
  }
  step(state)
  return text
}

/** Its commands are commands as well. Brackets within quotes within it are taken for brackets. */
function readSubstitution(state: State, commands: Command[]): string {
  let depth = 0
  let end = state.at + 1
  do {
    if (state.text[end] === '(') depth++
    if (state.text[end] === ')') depth--
    end++
  } while (depth > 0 && end < state.text.length)
  const text = state.text.slice(state.at, end)
  const { line } = state
  for (const command of splitCommands(text.slice(2, -1))) {
    commands.push({ ...command, line: command.line + line - 1 })
  }
  step(state, text.length)
  return text
}

function step(state: State, count = 1): void {
  state.line += state.text.slice(state.at, state.at + count).split('\n').length - 1
  state.at += count
}

function endOfLine(state: State): number {
  const end = state.text.indexOf('\n', state.at)
  return end === -1 ? state.text.length : end
}

function dropPrefix(words: readonly string[]): string[] {
  const isPrefix = (word: string) => KEYWORDS.has(word) || /^[A-Za-z_]\w*=/.test(word)
  const first = words.findIndex((word) => !isPrefix(word))
  const own = first === -1 ? [] : words.slice(first)
  // What is redirected where is no argument.
  const redirection = own.findIndex((word) => /^\d*[<>]/.test(word))
  return redirection === -1 ? [...own] : own.slice(0, redirection)
}
