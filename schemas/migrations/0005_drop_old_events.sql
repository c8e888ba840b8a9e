-- Events under the sorting key of before 0004, all of which are in `events`. Loses nothing; asked all the same, because a table with data goes.
DROP TABLE IF EXISTS events_0004;
