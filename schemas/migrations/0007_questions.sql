-- The ten questions that are asked most, as views that take parameters. `from` is inclusive, `to` is not, both are UTC:
-- SELECT * FROM q_top_pages(source = 'shop', from = '2026-11-01 00:00:00', to = '2026-11-08 00:00:00') LIMIT 10

-- People, sessions, page views and events of each day. A session is counted on every day that it has an event on.
CREATE OR REPLACE VIEW q_days AS
SELECT
    toDate(hour) AS day,
    uniqExactMerge(r.people) AS people,
    uniqExactMerge(r.sessions) AS sessions,
    sumIf(r.events, event IN ('page', 'screen')) AS page_views,
    sum(r.events) AS events
FROM rollup_hour AS r FINAL
WHERE source = {source:String} AND hour >= {from:DateTime('UTC')} AND hour < {to:DateTime('UTC')} AND measure = ''
GROUP BY day
ORDER BY day;

-- Events by name, with their people and sessions.
CREATE OR REPLACE VIEW q_events AS
SELECT
    event,
    sum(r.events) AS events,
    uniqExactMerge(r.people) AS people,
    uniqExactMerge(r.sessions) AS sessions
FROM rollup_hour AS r FINAL
WHERE source = {source:String} AND hour >= {from:DateTime('UTC')} AND hour < {to:DateTime('UTC')} AND measure = ''
GROUP BY event
ORDER BY events DESC, event;

-- Pages by their views.
CREATE OR REPLACE VIEW q_top_pages AS
SELECT
    page_path,
    count() AS page_views,
    uniqExactIf(person_id, person_id != '') AS people
FROM events_resolved
WHERE source = {source:String} AND timestamp >= {from:DateTime64(3, 'UTC')} AND timestamp < {to:DateTime64(3, 'UTC')}
  AND type = 'page'
GROUP BY page_path
ORDER BY page_views DESC, page_path;

-- Pages that sessions begin on, and how many go no further.
CREATE OR REPLACE VIEW q_entry_pages AS
SELECT
    entry_page,
    count() AS sessions,
    uniqExactIf(person_id, person_id != '') AS people,
    avg(is_bounce) AS bounce_rate,
    avg(s.page_views) AS page_views_per_session,
    avg(s.duration_seconds) AS average_seconds
FROM sessions AS s FINAL
WHERE source = {source:String} AND started_at >= {from:DateTime64(3, 'UTC')} AND started_at < {to:DateTime64(3, 'UTC')}
  AND entry_page != ''
GROUP BY entry_page
ORDER BY sessions DESC, entry_page;

-- Where sessions come from.
CREATE OR REPLACE VIEW q_sources AS
SELECT
    referrer_class,
    referrer_name,
    count() AS sessions,
    uniqExactIf(person_id, person_id != '') AS people,
    avg(is_bounce) AS bounce_rate,
    avg(s.page_views) AS page_views_per_session,
    avg(s.duration_seconds) AS average_seconds
FROM sessions AS s FINAL
WHERE source = {source:String} AND started_at >= {from:DateTime64(3, 'UTC')} AND started_at < {to:DateTime64(3, 'UTC')}
GROUP BY referrer_class, referrer_name
ORDER BY sessions DESC, referrer_class, referrer_name;

-- Sessions that a campaign brought.
CREATE OR REPLACE VIEW q_campaigns AS
SELECT
    campaign_source,
    campaign_medium,
    campaign_name,
    count() AS sessions,
    uniqExactIf(person_id, person_id != '') AS people,
    avg(is_bounce) AS bounce_rate,
    avg(s.page_views) AS page_views_per_session,
    avg(s.duration_seconds) AS average_seconds
FROM sessions AS s FINAL
WHERE source = {source:String} AND started_at >= {from:DateTime64(3, 'UTC')} AND started_at < {to:DateTime64(3, 'UTC')}
  AND (campaign_source != '' OR campaign_medium != '' OR campaign_name != '')
GROUP BY campaign_source, campaign_medium, campaign_name
ORDER BY sessions DESC, campaign_source, campaign_medium, campaign_name;

-- Countries that sessions are from.
CREATE OR REPLACE VIEW q_countries AS
SELECT
    country,
    count() AS sessions,
    uniqExactIf(person_id, person_id != '') AS people,
    avg(is_bounce) AS bounce_rate,
    avg(s.page_views) AS page_views_per_session,
    avg(s.duration_seconds) AS average_seconds
FROM sessions AS s FINAL
WHERE source = {source:String} AND started_at >= {from:DateTime64(3, 'UTC')} AND started_at < {to:DateTime64(3, 'UTC')}
GROUP BY country
ORDER BY sessions DESC, country;

-- Devices, browsers and systems of sessions.
CREATE OR REPLACE VIEW q_devices AS
SELECT
    device_type,
    browser_name,
    os_name,
    count() AS sessions,
    uniqExactIf(person_id, person_id != '') AS people,
    avg(is_bounce) AS bounce_rate,
    avg(s.page_views) AS page_views_per_session,
    avg(s.duration_seconds) AS average_seconds
FROM sessions AS s FINAL
WHERE source = {source:String} AND started_at >= {from:DateTime64(3, 'UTC')} AND started_at < {to:DateTime64(3, 'UTC')}
GROUP BY device_type, browser_name, os_name
ORDER BY sessions DESC, device_type, browser_name, os_name;

-- How many people did one thing after the other, the last within a time of the first. For each step, `begun` is when the
-- latest chain began that came as far: an event takes the chain of the step before one further.
CREATE OR REPLACE VIEW q_funnel AS
SELECT
    step,
    {steps:Array(String)}[step] AS event,
    people_by_step[step] AS people,
    if(people_by_step[1] = 0, 0, people / people_by_step[1]) AS of_first,
    multiIf(step = 1, of_first, people_by_step[step - 1] = 0, 0, people / people_by_step[step - 1]) AS of_previous
FROM
(
    SELECT if(count() = 0, arrayMap(name -> toUInt64(0), {steps:Array(String)}), sumForEach(reached)) AS people_by_step
    FROM
    (
        SELECT arrayMap(time -> time != 0, arrayFold(
            (begun, done) -> arrayMap(
                (own, before, name) -> if(name = done.3 AND before != 0 AND done.1 - before <= 1000 * {window_seconds:UInt32}, before, own),
                begun, arrayPushFront(arrayPopBack(begun), done.1), {steps:Array(String)}),
            arraySort(groupArray((toUnixTimestamp64Milli(timestamp), seq, event))),
            arrayMap(name -> toInt64(0), {steps:Array(String)}))) AS reached
        FROM events_resolved
        WHERE source = {source:String} AND timestamp >= {from:DateTime64(3, 'UTC')} AND timestamp < {to:DateTime64(3, 'UTC')}
          AND event IN {steps:Array(String)} AND person_id != ''
        GROUP BY person_id
    )
)
ARRAY JOIN arrayEnumerate({steps:Array(String)}) AS step
ORDER BY step;

-- Of the people who first did one thing in a week, how many did another in each week that followed. Week 0 has all of them.
CREATE OR REPLACE VIEW q_retention_by_week AS
SELECT
    cohort,
    weeks_later,
    count() AS people,
    people / max(people) OVER (PARTITION BY cohort) AS share
FROM
(
    SELECT
        minIf(toMonday(timestamp) AS week, event = {first:String}) AS cohort,
        groupUniqArrayIf(week, event = {returning:String}) AS weeks
    FROM events_resolved
    WHERE source = {source:String} AND timestamp >= {from:DateTime64(3, 'UTC')} AND timestamp < {to:DateTime64(3, 'UTC')}
      AND event IN ({first:String}, {returning:String}) AND person_id != ''
    GROUP BY person_id
    HAVING countIf(event = {first:String}) > 0
)
ARRAY JOIN arrayPushFront(arrayFilter(later -> later > 0, arrayMap(week -> dateDiff('week', cohort, week), weeks)), 0) AS weeks_later
GROUP BY cohort, weeks_later
ORDER BY cohort, weeks_later;
