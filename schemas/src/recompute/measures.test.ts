import { describe, expect, it } from 'vitest'
import { measuresSql } from './measures.ts'

describe('measuresSql', () => {
  it('is nothing where there are no measures', () => {
    expect(measuresSql([])).toBeUndefined()
    expect(measuresSql([{ source: 'shop', measures: [] }])).toBeUndefined()
  })

  it('reads each measure of its source, and of its events alone', () => {
    const sql = measuresSql([
      {
        source: 'shop',
        measures: [{ name: 'revenue', path: 'properties.revenue', events: ['Paid', "It's"] }],
      },
      { source: 'blog', measures: [{ name: 'words', path: 'properties.text.words' }] },
    ])
    expect(sql).toContain("if(e.source = 'shop' AND e.event IN ('Paid', 'It\\'s'), toFloat64OrNull(")
    expect(sql).toContain('e.`properties`.`revenue`')
    expect(sql).toContain("('words', if(e.source = 'blog', toFloat64OrNull(")
    expect(sql).toContain('e.`properties`.`text`.`words`')
  })

  it('quotes what a path or a name could end', () => {
    const sql = measuresSql([{ source: "a'", measures: [{ name: "b\\'", path: 'properties.`); DROP' }] }])
    expect(sql).toContain("e.source = 'a\\''")
    expect(sql).toContain("'b\\\\\\''")
    expect(sql).toContain('`\\`); DROP`')
  })
})
