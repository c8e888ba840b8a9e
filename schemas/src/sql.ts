/** SQL of questions and of monitors, put together of pieces and parameters. */

export {
  compareSql,
  conditionSql,
  existsSql,
  type FieldSql,
  findPathSql,
  readableNumberSql,
} from './field-sql.ts'
export {
  all,
  type Bound,
  bind,
  column,
  join,
  type ParameterType,
  type ParameterValue,
  render,
  type Sql,
  type Statement,
  sql,
  time,
} from './sql-pieces.ts'
