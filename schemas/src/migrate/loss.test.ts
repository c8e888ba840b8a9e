import { describe, expect, it } from 'vitest'
import { findLoss } from './loss.ts'

describe('findLoss', () => {
  it.each([
    ['DROP TABLE IF EXISTS a', 'drops the table a'],
    ["DROP TABLE IF EXISTS `a` ON CLUSTER 'c' SYNC", 'drops the table a'],
    ['drop  table db.a', 'drops the table a'],
    ['TRUNCATE TABLE IF EXISTS a', 'empties the table a'],
    ['TRUNCATE a', 'empties the table a'],
    ['DELETE FROM a WHERE x', 'deletes rows of the table a'],
    ['CREATE OR REPLACE TABLE a (x Int8) ENGINE = Memory', 'replaces the table a'],
    ['ALTER TABLE a\n  ADD COLUMN b Int8,\n  DROP COLUMN IF EXISTS c', 'drops the column c of the table a'],
    ['ALTER TABLE a CLEAR COLUMN c', 'drops the column c of the table a'],
    ["ALTER TABLE a DROP PARTITION '202601'", 'takes partitions out of the table a'],
    ['ALTER TABLE a DELETE WHERE x = 1', 'deletes rows of the table a'],
    ['ALTER TABLE a UPDATE x = 1 WHERE y', 'overwrites values of the table a'],
    ['ALTER TABLE a MODIFY TTL t + toIntervalDay(1)', 'changes how long rows of the table a are kept'],
  ])('finds what %j loses', (sql, what) => {
    expect(findLoss(sql)).toEqual({ table: 'a', what })
  })

  it.each([
    'CREATE TABLE IF NOT EXISTS a (x Int8)',
    "CREATE OR REPLACE TABLE a AS a_local\nENGINE = Distributed('c', 'db', 'a_local', x)",
    'CREATE OR REPLACE VIEW a AS SELECT 1',
    "ALTER TABLE a ADD COLUMN b String COMMENT 'DROP COLUMN c, it\\'s DELETE WHERE'",
    'ALTER TABLE a DROP INDEX i',
    'EXCHANGE TABLES a AND b',
    'INSERT INTO a SELECT * FROM b',
    'DROP DICTIONARY d',
    'DROP VIEW v',
  ])('finds nothing that %j loses', (sql) => {
    expect(findLoss(sql)).toBeUndefined()
  })
})
