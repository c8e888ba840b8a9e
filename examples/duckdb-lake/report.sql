-- Every event of the lake, each once.
CREATE VIEW events AS
SELECT *, coalesce(nullif(anonymous_id, ''), user_id) AS visitor_id
FROM read_parquet('export/events/**/*.parquet', hive_partitioning = true);

-- How many come, day by day?
SELECT
  timestamp::DATE::VARCHAR AS day,
  count(*) FILTER (type = 'page') AS page_views,
  count(DISTINCT visitor_id) AS visitors,
  count(*) FILTER (event = 'Order Completed') AS orders
FROM events
GROUP BY day
ORDER BY day;

-- Which products are looked at, and which are then put into the cart?
SELECT
  properties ->> '$.name' AS product,
  count(DISTINCT visitor_id) FILTER (event = 'Product Viewed') AS looked,
  count(DISTINCT visitor_id) FILTER (event = 'Product Added') AS added
FROM events
WHERE event IN ('Product Viewed', 'Product Added')
GROUP BY product
ORDER BY looked DESC, product
LIMIT 10;

-- Which are sold?
SELECT
  product.name AS product,
  sum(product.quantity)::INTEGER AS pieces,
  round(sum(product.price * product.quantity), 2) AS revenue
FROM (
  SELECT unnest(from_json(properties -> '$.products', '[{"name":"VARCHAR","price":"DOUBLE","quantity":"INTEGER"}]')) AS product
  FROM events
  WHERE event = 'Order Completed'
)
GROUP BY ALL
ORDER BY revenue DESC;
