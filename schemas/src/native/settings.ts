/** Settings of ClickHouse that whatever writes JSON columns must share. */

/** What a person sent is stored as it was sent, and what is read as JSON again stays what it was. */
export const JSON_SETTINGS = {
  // A person's key `a.b` beside `a: { b }` would be refused as the same path; escaped, both are kept.
  json_type_escape_dots_in_keys: 1,
  // Text that looks like a date stays text, `[true, 1]` stays two kinds.
  input_format_try_infer_dates: 0,
  input_format_try_infer_datetimes: 0,
  input_format_json_read_bools_as_numbers: 0,
  input_format_json_read_bools_as_strings: 0,
  input_format_json_read_numbers_as_strings: 0,
} as const
