import type { Dashboard, Panel, Query, Unit } from './dashboard.js';

const graph = (title: string, unit: Unit, ...queries: [expr: string, legend: string][]): Panel => ({
  title,
  unit,
  queries: queries.map(([expr, legend]): Query => ({ expr, legend })),
});
const stat = (title: string, unit: Unit, expr: string, legend = title): Panel => ({
  ...graph(title, unit, [expr, legend]),
  kind: 'stat',
});
const without = (emptyWithout: string, panel: Panel): Panel => ({ ...panel, emptyWithout });

const REQUESTS = 'http_request_duration_seconds_count';
const DURATIONS = 'http_request_duration_seconds_bucket';
const RANGE = '[$__rate_interval]';

const rate = (series: string, by: string) => `sum by (${by}) (rate(${series}${RANGE}))`;
const quantile = (share: number, series: string, by?: string) =>
  `histogram_quantile(${share}, sum by (le${by ? `, ${by}` : ''}) (rate(${series}${RANGE})))`;
/** Gauges that every replica reads from the same table. */
const shared = (series: string, by: string) => `max by (${by}) (${series})`;
const perHour = (series: string, by: string) => `sum by (${by}) (increase(${series}[1h]))`;

const overview: Dashboard = {
  name: 'overview',
  title: 'overview',
  rows: [
    {
      title: 'The API',
      panels: [
        graph('Requests by status', 'reqps', [
          rate(`${REQUESTS}{service="gateway"}`, 'status'),
          '{{status}}',
        ]),
        graph(
          'Duration',
          's',
          [quantile(0.5, `${DURATIONS}{service="gateway"}`), 'p50'],
          [quantile(0.95, `${DURATIONS}{service="gateway"}`), 'p95'],
          [quantile(0.99, `${DURATIONS}{service="gateway"}`), 'p99'],
        ),
        graph('Burn rate of the error budgets (1 h)', 'none', ['roost:slo_burn:1h', '{{slo}}']),
        graph('The busiest routes', 'reqps', [
          `topk(8, ${rate(`${REQUESTS}{service="gateway"}`, 'method, route')})`,
          '{{method}} {{route}}',
        ]),
        graph('The slowest routes (p95)', 's', [
          `topk(8, ${quantile(0.95, `${DURATIONS}{service="gateway"}`, 'method, route')})`,
          '{{method}} {{route}}',
        ]),
        without(
          'failed request',
          graph('Failed requests (5xx) by route', 'reqps', [
            rate(`${REQUESTS}{service="gateway",status="5xx"}`, 'method, route'),
            '{{method}} {{route}}',
          ]),
        ),
      ],
    },
    {
      title: 'Services',
      panels: [
        graph('Ready replicas', 'short', ['sum by (service) (roost_ready)', '{{service}}']),
        without(
          'part that does not work',
          graph('Parts that do not work', 'short', ['roost_part_up == 0', '{{service}} {{part}}']),
        ),
        graph('CPU', 'percentunit', [rate('process_cpu_seconds_total', 'service'), '{{service}}']),
        graph('Memory', 'bytes', ['sum by (service) (process_resident_memory_bytes)', '{{service}}']),
        graph('Age of the outbox', 's', [shared('roost_outbox_oldest_seconds', 'service'), '{{service}}']),
        graph('Dead letters', 'short', [shared('roost_dead_letters', 'service'), '{{service}}']),
      ],
    },
    {
      title: 'Alerts',
      panels: [
        without(
          'firing alert',
          graph('Firing alerts', 'short', [
            'sum by (alertname) (ALERTS{alertstate="firing"})',
            '{{alertname}}',
          ]),
        ),
      ],
    },
  ],
};

const of = (series: string) => `${series}{service="$service"}`;

const service: Dashboard = {
  name: 'service',
  title: 'service',
  perService: true,
  rows: [
    {
      title: 'Requests',
      panels: [
        graph('Requests by route', 'reqps', [rate(of(REQUESTS), 'method, route'), '{{method}} {{route}}']),
        graph('Requests by status', 'reqps', [rate(of(REQUESTS), 'status'), '{{status}}']),
        graph('Duration by route (p95)', 's', [
          quantile(0.95, of(DURATIONS), 'method, route'),
          '{{method}} {{route}}',
        ]),
      ],
    },
    {
      title: 'Process',
      panels: [
        graph('CPU', 'percentunit', [rate(of('process_cpu_seconds_total'), 'instance'), '{{instance}}']),
        graph(
          'Memory',
          'bytes',
          [of('process_resident_memory_bytes'), 'resident {{instance}}'],
          [of('nodejs_heap_size_used_bytes'), 'heap {{instance}}'],
        ),
        graph(
          'Delay of the event loop',
          's',
          [of('nodejs_eventloop_lag_p50_seconds'), 'p50 {{instance}}'],
          [of('nodejs_eventloop_lag_p99_seconds'), 'p99 {{instance}}'],
        ),
        graph('Garbage collection', 's', [
          rate(of('nodejs_gc_duration_seconds_sum'), 'kind'),
          '{{kind}}, seconds per second',
        ]),
        graph('Parts', 'short', [of('roost_part_up'), '{{part}} {{instance}}']),
        graph('Open files', 'short', [of('process_open_fds'), '{{instance}}']),
      ],
    },
    {
      title: 'Jobs (not of the gateway)',
      panels: [
        graph('Jobs by state', 'short', [shared(of('roost_queue_jobs'), 'state'), '{{state}}']),
        graph(
          'Waiting time',
          's',
          [shared(of('roost_queue_oldest_seconds'), 'service'), 'oldest waiting'],
          [shared(of('roost_queue_overdue_seconds'), 'service'), 'most overdue'],
        ),
        graph('Jobs by name', 'ops', [
          rate(of('roost_job_duration_seconds_count'), 'job, outcome'),
          '{{job}} {{outcome}}',
        ]),
        graph('Duration of jobs (p95)', 's', [
          quantile(0.95, of('roost_job_duration_seconds_bucket'), 'job'),
          '{{job}}',
        ]),
        graph('Duration of sweeps (p95)', 's', [
          quantile(0.95, of('roost_sweep_duration_seconds_bucket'), 'sweep'),
          '{{sweep}}',
        ]),
        graph('Failed sweeps', 'ops', [rate(of('roost_sweep_failures_total'), 'sweep'), '{{sweep}}']),
      ],
    },
  ],
};

const events: Dashboard = {
  name: 'events',
  title: 'events and Kafka',
  rows: [
    {
      title: 'From the outbox to Kafka',
      panels: [
        graph('Published events', 'ops', [rate('roost_events_published_total', 'type'), '{{type}}']),
        graph('Age of the outbox', 's', [shared('roost_outbox_oldest_seconds', 'service'), '{{service}}']),
        graph('Acknowledged by Kafka', 'ops', [
          rate('roost_kafka_published_total', 'service'),
          '{{service}}',
        ]),
        graph('Active relays', 'short', ['sum by (service) (roost_outbox_relay_active)', '{{service}}']),
        graph('Refused by Kafka', 'short', [shared('roost_outbox_refused', 'service'), '{{service}}']),
        without(
          'failure of Kafka',
          graph('Failed batches', 'ops', [
            rate('roost_kafka_publish_failures_total', 'service, code'),
            '{{service}} {{code}}',
          ]),
        ),
      ],
    },
    {
      title: 'From Kafka to the handlers',
      panels: [
        graph('Handled events', 'ops', [
          rate('roost_events_handled_total', 'service, outcome'),
          '{{service}} {{outcome}}',
        ]),
        graph('Time from creation to the end of the handler (p95)', 's', [
          quantile(0.95, 'roost_event_lag_seconds_bucket', 'service'),
          '{{service}}',
        ]),
        graph('Duration of handlers (p95)', 's', [
          quantile(0.95, 'roost_event_handler_seconds_bucket', 'service, type'),
          '{{service}} {{type}}',
        ]),
        graph('Consumer lag', 'short', [
          'sum by (service, topic) (roost_kafka_consumer_lag)',
          '{{service}} {{topic}}',
        ]),
        graph('Members of consumer groups', 'short', [
          'sum by (service) (roost_kafka_consumer_up)',
          '{{service}}',
        ]),
        without(
          'restart of a consumer',
          graph('Restarts of consumers', 'ops', [
            rate('roost_kafka_consumer_restarts_total', 'service, code'),
            '{{service}} {{code}}',
          ]),
        ),
      ],
    },
    {
      title: 'Failures',
      panels: [
        graph('Dead letters', 'short', [shared('roost_dead_letters', 'service'), '{{service}}']),
        graph('Quarantined keys', 'short', [shared('roost_quarantined_keys', 'service'), '{{service}}']),
        graph('Age of the oldest dead letter', 's', [
          shared('roost_dead_letters_oldest_seconds', 'service'),
          '{{service}}',
        ]),
        without(
          'failed try',
          graph('Failed tries', 'ops', [
            rate('roost_events_failed_total', 'service, type, code'),
            '{{service}} {{type}} {{code}}',
          ]),
        ),
        without(
          'dead letter',
          graph('Parked events', 'ops', [
            rate('roost_events_parked_total', 'service, type'),
            '{{service}} {{type}}',
          ]),
        ),
        graph('Skipped messages', 'ops', [
          rate('roost_events_skipped_total', 'service, reason'),
          '{{service}} {{reason}}',
        ]),
      ],
    },
  ],
};

const postgres: Dashboard = {
  name: 'postgres',
  title: 'PostgreSQL',
  rows: [
    {
      title: 'Connections',
      panels: [
        graph('Used connections of the pools', 'short', [
          'sum by (service) (roost_database_connections{state="used"})',
          '{{service}}',
        ]),
        graph('Share of the pool that is used', 'percentunit', [
          'sum by (service) (roost_database_connections{state="used"}) / sum by (service) (roost_database_connections_max)',
          '{{service}}',
        ]),
        graph('Callers that wait for a connection', 'short', [
          'sum by (service) (roost_database_waiting)',
          '{{service}}',
        ]),
        graph('Sessions by state', 'short', [
          shared('roost_postgres_sessions', 'service, state'),
          '{{service}} {{state}}',
        ]),
        graph('Sessions that wait for a lock', 'short', [
          shared('roost_postgres_lock_waits', 'service'),
          '{{service}}',
        ]),
        graph('Age of the oldest transaction', 's', [
          shared('roost_postgres_oldest_transaction_seconds', 'service'),
          '{{service}}',
        ]),
      ],
    },
    {
      title: 'Work',
      panels: [
        graph('Transactions', 'ops', [
          `max by (service, outcome) (rate(roost_postgres_transactions${RANGE}))`,
          '{{service}} {{outcome}}',
        ]),
        graph('Blocks found in the cache', 'percentunit', [
          `max by (service) (rate(roost_postgres_blocks{source="cache"}${RANGE})) / (max by (service) (rate(roost_postgres_blocks{source="cache"}${RANGE})) + max by (service) (rate(roost_postgres_blocks{source="disk"}${RANGE})))`,
          '{{service}}',
        ]),
        graph('Temporary files', 'bytes', [
          `max by (service) (rate(roost_postgres_temporary_bytes${RANGE}))`,
          '{{service}}, bytes per second',
        ]),
        graph('Deadlocks', 'ops', [
          `max by (service) (rate(roost_postgres_deadlocks${RANGE}))`,
          '{{service}}',
        ]),
        graph('Size of the databases', 'bytes', [
          shared('roost_postgres_size_bytes', 'service'),
          '{{service}}',
        ]),
      ],
    },
  ],
};

const money: Dashboard = {
  name: 'business',
  title: 'money and business',
  rows: [
    {
      title: 'Bookings',
      panels: [
        graph('Searches per hour', 'short', [
          perHour('roost_searches_total', 'dates, result'),
          '{{dates}} dates, {{result}}',
        ]),
        graph('Reads of cached pages per hour, by result', 'short', [
          perHour('roost_cache_reads_total', 'page, result'),
          '{{page}}, {{result}}',
        ]),
        graph('Quotes per hour', 'short', [perHour('roost_quotes_total', 'outcome'), '{{outcome}}']),
        graph('Bookings per hour, by step', 'short', [perHour('roost_bookings_total', 'step'), '{{step}}']),
        {
          ...graph(
            'Conversion within an hour',
            'percentunit',
            ['roost:conversion_quote_to_booking:ratio1h', 'quote to booking'],
            ['roost:conversion_booking_to_confirmed:ratio1h', 'booking to confirmed'],
          ),
          description:
            'A booking may belong to a quote of the hour before: a single hour can be above 100 %.',
        },
        graph('Cancellations per hour', 'short', [
          perHour('roost_booking_cancellations_total', 'by'),
          'by {{by}}',
        ]),
        graph('Reviews per hour', 'short', [
          perHour('roost_reviews_total', 'step, direction'),
          '{{direction}} {{step}}',
        ]),
      ],
    },
    {
      title: 'Money, in minor units of each currency',
      panels: [
        graph('Booked per hour', 'short', [perHour('roost_booked_minor_total', 'currency'), '{{currency}}']),
        graph('Captured per hour', 'short', [
          perHour('roost_captured_minor_total', 'currency'),
          '{{currency}}',
        ]),
        graph('Refunded per hour', 'short', [
          perHour('roost_refunded_minor_total', 'currency, reason'),
          '{{currency}} {{reason}}',
        ]),
        without(
          'paid payout',
          graph('Paid out per hour', 'short', [
            perHour('roost_paid_out_minor_total', 'currency'),
            '{{currency}}',
          ]),
        ),
        graph('Payments per hour, by step', 'short', [
          perHour('roost_payments_total', 'provider, step'),
          '{{provider}} {{step}}',
        ]),
        graph('Payouts per hour, by step', 'short', [perHour('roost_payouts_total', 'step'), '{{step}}']),
      ],
    },
    {
      title: 'Providers and reconciliation',
      panels: [
        stat(
          'Differences of the ledger',
          'short',
          'sum(max by (kind) (roost_payments_reconciliation_differences{kind=~"ledger[.].+"}))',
        ),
        stat(
          'All differences of the last reconciliation',
          'short',
          'sum(max by (kind) (roost_payments_reconciliation_differences))',
        ),
        stat('Age of the last reconciliation', 's', 'min(roost_payments_reconciliation_age_seconds)'),
        graph('Calls to providers', 'ops', [
          rate('roost_provider_call_duration_seconds_count', 'provider, call, outcome'),
          '{{provider}} {{call}} {{outcome}}',
        ]),
        graph('Duration of calls to providers (p95)', 's', [
          quantile(0.95, 'roost_provider_call_duration_seconds_bucket', 'provider, call'),
          '{{provider}} {{call}}',
        ]),
        graph(
          'Unclear outcomes',
          'short',
          ['max(roost_payment_operations{state="unclear"})', 'payments'],
          ['max(roost_payouts_in_transit{state="unclear"})', 'payouts'],
        ),
        graph('Webhooks handled', 'ops', [rate('roost_payments_webhooks_total', 'outcome'), '{{outcome}}']),
        graph('Webhooks by state', 'short', [shared('roost_payment_webhooks', 'state'), '{{state}}']),
        graph(
          'Mails',
          'short',
          [perHour('roost_mails_total', 'outcome'), '{{outcome}} per hour'],
          ['max(roost_mails_waiting)', 'waiting'],
        ),
      ],
    },
  ],
};

export const dashboards: readonly Dashboard[] = [overview, service, events, postgres, money];
