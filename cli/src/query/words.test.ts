import { describe, expect, it } from 'vitest'
import { speakOptions } from './words.ts'

const TYPED = {
  question: 'top',
  options: ['from', 'timeZone', 'field', 'by', 'limit', 'first', 'using', 'event', 'filter', 'step'],
  lists: { filter: ['asn:gt:abc', 'agee:is:1'], step: ['page', 'a b', ''], by: ['contry', 'city'] },
}

describe('a mistake that the collector found', () => {
  it.each([
    ['from must be at least 1m, got "0d"', '--from must be at least 1m, got "0d"'],
    ['timeZone must be the name of a time zone', '--time-zone must be the name of a time zone'],
    [
      'field is missing: it must be the name of a field, such as page_path',
      'top needs --field, such as --field page_path',
    ],
    ['first is missing: it must be the name of an event', 'top needs --first, such as --first page'],
    ['steps is missing: it must be a list', 'top needs --step, such as --step page'],
    ['limit is missing: it must be a number', 'top needs --limit'],
    [
      'steps must be at least 2 in number, got ["page"]',
      '--step must be given at least 2 times, got ["page"]',
    ],
    [
      'filters[0].value must be a number, got "abc"',
      '--filter asn:gt:abc: value must be a number, got "abc"',
    ],
    ['filters[1].field must be one of x', '--filter agee:is:1: field must be one of x'],
    ['filters[1].value is missing: it must be', '--filter agee:is:1: value is missing: it must be'],
    ['filters[2] must have a field', '--filter must have a field'],
    ['steps[1].event must be otherwise', "--step 'a b': event must be otherwise"],
    ['steps[2].event must not be empty, got ""', `--step '': event must not be empty, got ""`],
    ['by[0] must be one of country', '--by contry: must be one of country'],
    [
      'the question has no field "steps", "timeZone"; known: field, events, from, timeZone',
      'top takes no --step, --time-zone; it takes --field, --event, --from, --time-zone',
    ],
    ['using cannot be read from roll-ups: why', '--using cannot be read from roll-ups: why'],
    // Nothing of a field, and fields that no option has.
    ['the question is nested deeper than 8 levels', 'the question is nested deeper than 8 levels'],
    ['tables must be few', 'tables must be few'],
    ['there is no question "tops"', 'there is no question "tops"'],
  ])('%s is told as %s', (message, told) => {
    expect(speakOptions(message, TYPED)).toBe(told)
  })
})
