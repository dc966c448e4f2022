-- DORA's five over seven quarters, by hand: the definitions of docs/metrics.md and nothing else.
WITH attempts AS (
    SELECT replace(repo, 'repo', 'service') AS service, repo, run_id, attempt, sha, finished_at,
           result = 'success' AND finished_at <= TIMESTAMPTZ '2026-07-01 00:00:00Z' AS succeeded
    FROM read_parquet('$folder/pipeline_runs.parquet')
    WHERE pipeline = 'deploy' AND branch = 'main'
      AND started_at <= TIMESTAMPTZ '2026-07-01 00:00:00Z'
), numbered AS (
    SELECT *, min(attempt) FILTER (succeeded) OVER (PARTITION BY repo, run_id) AS first_success,
           max(attempt) OVER (PARTITION BY repo, run_id) AS last_attempt
    FROM attempts
), again AS (
    -- A later success of a run, where another run succeeded in between.
    SELECT service, repo, run_id, attempt, sha, finished_at, succeeded
    FROM (
        SELECT *, lag(run_id) OVER (PARTITION BY repo ORDER BY finished_at, run_id, attempt) AS before
        FROM numbered WHERE succeeded
    )
    WHERE attempt > first_success AND run_id <> before
), tried AS (
    SELECT service || '@run ' || run_id AS deployment_id, service, sha, finished_at, succeeded
    FROM numbered WHERE attempt = coalesce(first_success, last_attempt)
    UNION ALL
    SELECT service || '@run ' || run_id || ' attempt ' || attempt, service, sha, finished_at, succeeded
    FROM again
), known AS (
    SELECT * FROM tried WHERE finished_at <= TIMESTAMPTZ '2026-07-01 00:00:00Z'
), done AS MATERIALIZED (
    SELECT deployment_id, service, sha, finished_at,
           row_number() OVER (PARTITION BY service ORDER BY finished_at, deployment_id) AS place
    FROM known WHERE succeeded
), placed AS (
    SELECT *, min(place) OVER (PARTITION BY service, sha) AS first_place,
           lag(place) OVER (PARTITION BY service, sha ORDER BY place) AS last_before
    FROM done
), backs AS (
    SELECT *, lag(first_place) OVER (PARTITION BY service ORDER BY place) AS running_first
    FROM placed
), remedies AS MATERIALIZED (
    SELECT fix.deployment_id, fix.finished_at, fix.service,
           failed.deployment_id AS failed_id, failed.finished_at AS failed_at
    FROM backs fix JOIN done failed
      ON failed.service = fix.service AND failed.place = fix.last_before + 1
    WHERE fix.first_place < fix.running_first
), incidents AS MATERIALIZED (
    SELECT incident_id, service, started_at,
           CASE WHEN resolved_at <= TIMESTAMPTZ '2026-07-01 00:00:00Z' THEN resolved_at END AS resolved_at,
           deployment_id
    FROM read_parquet('$folder/incidents.parquet') WHERE NOT planned
), named AS (
    SELECT incident_id, deployment_id, 1 AS rank FROM incidents
    WHERE deployment_id IN (SELECT deployment_id FROM known)
), remedied AS (
    SELECT i.incident_id,
           arg_min(r.failed_id, (r.finished_at, r.deployment_id)) AS deployment_id, 2 AS rank
    FROM incidents i JOIN remedies r
      ON r.service = i.service AND r.failed_at <= i.started_at AND i.started_at < r.finished_at
     AND coalesce(r.finished_at <= i.resolved_at + INTERVAL 24 HOUR, true)
    GROUP BY ALL
), latest AS (
    SELECT i.incident_id, d.deployment_id, 3 AS rank
    FROM incidents i ASOF JOIN done d
      ON d.service = i.service AND i.started_at >= d.finished_at
    WHERE i.started_at - d.finished_at <= INTERVAL 24 HOUR
), blamed AS MATERIALIZED (
    SELECT incident_id, arg_min(deployment_id, rank) AS deployment_id
    FROM (SELECT * FROM named UNION ALL SELECT * FROM remedied UNION ALL SELECT * FROM latest)
    GROUP BY incident_id
), damage AS (
    SELECT b.deployment_id, max(i.resolved_at) AS ended_at,
           bool_or(i.resolved_at IS NULL) AS is_open
    FROM blamed b JOIN incidents i USING (incident_id) GROUP BY ALL
), repair AS (
    SELECT failed_id AS deployment_id, min(finished_at) AS remedied_at FROM remedies GROUP BY ALL
), judged AS MATERIALIZED (
    SELECT d.*, coalesce(g.is_open, false) AS is_open, g.ended_at, p.remedied_at,
           g.deployment_id IS NOT NULL OR p.deployment_id IS NOT NULL AS failed,
           d.deployment_id IN (SELECT deployment_id FROM remedies) AS is_rework
    FROM done d LEFT JOIN damage g USING (deployment_id) LEFT JOIN repair p USING (deployment_id)
), begins AS (
    SELECT service, min(finished_at) AS begin_at FROM done GROUP BY ALL
), commits AS (
    SELECT replace(repo, 'repo', 'service') AS service, committed_at
    FROM read_parquet('$folder/commits.parquet') WHERE NOT is_merge AND NOT is_bot
), journeys AS (
    SELECT c.committed_at, d.finished_at
    FROM commits c JOIN begins b ON b.service = c.service AND c.committed_at > b.begin_at
    ASOF LEFT JOIN done d ON d.service = c.service AND c.committed_at <= d.finished_at
), spans AS (
    SELECT 'change_lead_time' AS metric, coalesce(finished_at, committed_at) AS moment,
           epoch_us(coalesce(finished_at, TIMESTAMPTZ '2026-07-01 00:00:00Z')) - epoch_us(committed_at) AS us,
           finished_at IS NOT NULL AS observed
    FROM journeys
    UNION ALL
    SELECT 'failed_deployment_recovery_time', finished_at,
           epoch_us(CASE WHEN is_open THEN TIMESTAMPTZ '2026-07-01 00:00:00Z' ELSE coalesce(ended_at, remedied_at) END)
             - epoch_us(finished_at), NOT is_open
    FROM judged WHERE failed
), steps AS (
    SELECT metric, date_trunc('quarter', moment) AS quarter, us / 3.6e9 AS value,
           count(*) FILTER (observed) AS ended, count(*) AS n
    FROM spans WHERE us >= 0 GROUP BY ALL
), curve AS (
    SELECT *, product(1 - ended / at_risk) OVER (
        PARTITION BY metric, quarter ORDER BY value ROWS UNBOUNDED PRECEDING) AS survival
    FROM (
        SELECT *, sum(n) OVER (PARTITION BY metric, quarter ORDER BY value DESC) AS at_risk FROM steps
    )
), waited AS (
    SELECT metric, quarter, min(value) AS value FROM curve WHERE survival <= 0.5 + 1e-9 GROUP BY ALL
), plain AS (
    SELECT metric, date_trunc('quarter', moment) AS quarter, median(us) / 3.6e9 AS value,
           bool_and(observed) AS is_whole
    FROM spans WHERE us >= 0 GROUP BY ALL
), durations AS (
    -- Where nothing is censored the median is the middle, else where the curve falls to a half.
    SELECT metric, quarter, CASE WHEN is_whole THEN plain.value ELSE waited.value END AS value
    FROM plain JOIN waited USING (metric, quarter)
), quarters AS (
    SELECT date_trunc('quarter', finished_at) AS quarter, count(*) AS n,
           avg(failed::INT) AS failed, avg(is_rework::INT) AS is_rework
    FROM judged GROUP BY ALL
), numbers AS (
    SELECT metric, quarter, value FROM durations
    UNION ALL
    SELECT 'deployment_frequency', quarter,
           n / date_diff('day', quarter, quarter + INTERVAL 3 MONTH) FROM quarters
    UNION ALL
    SELECT 'change_fail_rate', quarter, failed FROM quarters
    UNION ALL
    SELECT 'deployment_rework_rate', quarter, is_rework FROM quarters
)
SELECT metric, strftime(quarter, '%Y-Q') || date_part('quarter', quarter), value FROM numbers
WHERE quarter >= TIMESTAMPTZ '2024-10-01 00:00:00Z' AND quarter < TIMESTAMPTZ '2026-07-01 00:00:00Z'
