import { describe, expect, it } from 'vitest'
import { parseColumnOption, parseConstantOption, parseMapping } from './mapping.ts'

describe('a mapping', () => {
  it('says where columns go and as what', () => {
    const { columns, constants } = parseMapping({
      columns: {
        'Order no': 'messageId',
        created: { to: 'timestamp' },
        total: { to: 'properties.total', type: 'number' },
        extra: 'properties',
        note: null,
      },
      constants: { event: 'Order Completed', 'context.page': { path: '/' } },
    })
    expect([...columns]).toEqual([
      ['Order no', { target: ['messageId'], kind: 'string' }],
      ['created', { target: ['timestamp'], kind: 'date' }],
      ['total', { target: ['properties', 'total'], kind: 'number' }],
      ['extra', { target: ['properties'], kind: 'json' }],
      ['note', undefined],
    ])
    expect(constants).toEqual([
      [['event'], 'Order Completed'],
      [['context', 'page'], { path: '/' }],
    ])
  })

  it.each([
    [[], 'the mapping must be an object, got []'],
    [{ column: {} }, 'the mapping may have columns and constants, got "column"'],
    [{ columns: { a: 'total' } }, 'columns.a must name one of type, event,'],
    [{ columns: { a: 'properties.' } }, 'columns.a must name one of'],
    [{ columns: { a: 'userId.x' } }, 'columns.a must name one of'],
    [{ columns: { a: 3 } }, 'columns.a must be an object, got 3'],
    [{ columns: { a: { type: 'number' } } }, 'columns.a must name one of'],
    [{ columns: { a: { to: 'properties.a', as: 1 } } }, 'columns.a may have to and type, got "as"'],
    [
      { columns: { a: { to: 'properties.a', type: 'int' } } },
      'columns.a: the type must be one of string, number',
    ],
    [{ columns: { a: { to: 'context', type: 'number' } } }, 'context as a whole must be of type json'],
    [{ constants: { total: 1 } }, 'constants.total must name one of'],
  ])('that is wrong is refused with the place (%#)', (mapping, message) => {
    expect(() => parseMapping(mapping)).toThrow(message)
  })

  it('may be typed on the line', () => {
    expect(parseColumnOption('a=b=properties.x:number')).toEqual([
      'a=b',
      { target: ['properties', 'x'], kind: 'number' },
    ])
    expect(parseConstantOption('event=a=b')).toEqual([['event'], 'a=b'])
    expect(() => parseColumnOption('total')).toThrow('--column must be such as')
    expect(() => parseColumnOption('total=nowhere')).toThrow('--column total=nowhere must name one of')
    expect(() => parseConstantOption('=x')).toThrow('--constant must be such as')
  })
})
