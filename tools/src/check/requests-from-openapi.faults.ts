import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { jest } from '@jest/globals';
import { pythonPrograms, runsAllFaults } from '@roost/testing';
import type { Database } from './difference.js';
import { simulate, startRoostWithAlbany, untilAgreement, waitUntilIdle } from './inside-airbnb-fixture.js';
import type { RoostProcess } from './roost-process.js';

jest.setTimeout(7_200_000);

const seed = Number(process.env.ROOST_SEED ?? 1);
const casesPerOperation = runsAllFaults ? 200 : 5;

const ALL_PHASES = 'examples,coverage,fuzzing';
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
];

/** Whose ids the parameters of a path contain in most requests. The others have random values. */
const ROWS: readonly { path: string; parameter: string; database: Database; ids: string }[] = [
  { path: '^/v1/(admin/)?listings/', parameter: 'id', database: 'listings', ids: 'SELECT id FROM listing' },
  {
    path: '^/v1/(listings|wishlists)/',
    parameter: 'listingId',
    database: 'listings',
    ids: 'SELECT id FROM listing',
  },
  { path: '^/v1/(admin/)?bookings/', parameter: 'id', database: 'bookings', ids: 'SELECT id FROM booking' },
  { path: '^/v1/bookings/', parameter: 'bookingId', database: 'bookings', ids: 'SELECT id FROM booking' },
  {
    path: '^/v1/bookings/',
    parameter: 'changeId',
    database: 'bookings',
    ids: 'SELECT id FROM booking_change',
  },
  { path: '^/v1/(admin/)?threads/', parameter: 'id', database: 'bookings', ids: 'SELECT id FROM thread' },
  { path: '^/v1/(admin/)?messages/', parameter: 'id', database: 'bookings', ids: 'SELECT id FROM message' },
  { path: '^/v1/quotes/', parameter: 'id', database: 'bookings', ids: 'SELECT id FROM quote' },
  { path: '^/v1/(admin/)?payments/', parameter: 'id', database: 'payments', ids: 'SELECT id FROM payment' },
  {
    path: '^/v1/admin/payments/',
    parameter: 'refundId',
    database: 'payments',
    ids: 'SELECT id FROM refund',
  },
  { path: '^/v1/users/', parameter: 'id', database: 'bookings', ids: 'SELECT guest_id AS id FROM booking' },
  {
    path: '^/v1/users/',
    parameter: 'userId',
    database: 'bookings',
    ids: 'SELECT host_id AS id FROM booking',
  },
  {
    // Without hosts: the caller must not be suspended.
    ...{ path: '^/v1/admin/users/', parameter: 'id', database: 'identity' },
    ids: "SELECT id FROM user_account WHERE roles = '{guest}'",
  },
  { path: '^/v1/(admin/)?reviews/', parameter: 'id', database: 'reviews', ids: 'SELECT id FROM review' },
  {
    ...{ path: '^/v1/admin/review-reports/', parameter: 'id', database: 'reviews' },
    ids: 'SELECT id FROM review_report',
  },
  { path: '^/v1/admin/reports/', parameter: 'id', database: 'identity', ids: 'SELECT id FROM report' },
  { path: '^/v1/admin/mails/', parameter: 'id', database: 'identity', ids: 'SELECT id FROM mail' },
  { path: '^/v1/wishlists/', parameter: 'id', database: 'listings', ids: 'SELECT id FROM wishlist' },
  { path: '^/v1/(admin/)?payouts/', parameter: 'id', database: 'payments', ids: 'SELECT id FROM payout' },
];

/** What would end the session of the caller, and what only development has. */
const EXCLUDED = ['^/dev/', '^/v1/auth/logout', '^/v1/me/sessions'];

/**
 * QUALITY.md, acceptance 16. schemathesis sends requests made from the OpenAPI document, right ones and wrong ones, to a
 * marketplace with listings, bookings, changes, payments and refunds.
 */
describe(`requests made from the OpenAPI document, seed ${seed}`, () => {
  let roost: RoostProcess;
  let folder: string;

  beforeAll(async () => {
    roost = await startRoostWithAlbany();
    folder = mkdtempSync(join(tmpdir(), 'roost-requests-'));
    const report = await simulate(roost, { seed, operations: 100, guests: 8, hosts: 4 });
    expect(report.unexpected).toEqual([]);
    await askHost(roost);
    await reportReview(roost);
  });
  afterAll(async () => {
    await roost?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    // A visitor is refused before most of what the phase `coverage` checks.
    ['a visitor', runsAllFaults ? ALL_PHASES : 'fuzzing', () => Promise.resolve(undefined)],
    [
      'a host who is an administrator',
      ALL_PHASES,
      async () => roost.accessToken(await busiestHost(roost), ['host', 'admin']),
    ],
    ['an administrator with an account', 'fuzzing', () => tokenOfAccount(roost, ['host', 'admin'])],
  ])('of %s receive only responses that the document declares', async (_caller, phases, accessToken) => {
    const configuration = join(folder, 'schemathesis.toml');
    writeFileSync(configuration, await describeRows(roost));
    const { code, output } = await runSchemathesis(roost.url, configuration, phases, await accessToken());
    expect(code === 0 ? '' : output).toBe('');
  });

  it('leave calendar, bookings, search, payments, refunds and ledger in agreement', async () => {
    await waitUntilIdle(roost);
    await untilAgreement(roost);
  });
});

/** The simulation writes no messages. */
async function askHost(roost: RoostProcess): Promise<void> {
  const [listing] = await roost.query<{ id: string }>(
    'listings',
    "SELECT id FROM listing WHERE status = 'published' ORDER BY id LIMIT 1",
  );
  const { body } = await roost.anonymous.post<{ id: string }>('/dev/users', { emailVerified: true });
  const question = { text: 'Is there a place for bicycles?' };
  const asked = await roost.as(body.id).post(`/v1/listings/${listing?.id}/threads`, question);
  expect(asked.status).toBe(201);
}

/** Nor reviews, reports and wishlists. */
async function reportReview(roost: RoostProcess): Promise<void> {
  const caller = roost.as(await busiestHost(roost), ['host', 'admin']);
  const [listing] = await roost.query<{ id: string }>(
    'listings',
    "SELECT id FROM listing WHERE status = 'published' ORDER BY id LIMIT 1",
  );
  const imported = await caller.post<{ results: { id: string }[] }>('/v1/admin/imports/reviews', {
    source: 'elsewhere',
    rows: [
      {
        ...{ externalId: '1', listingId: listing?.id, authorName: 'Ada' },
        ...{ text: 'The loft is quiet', writtenAt: '2026-01-02' },
      },
    ],
  });
  const reviewId = imported.body.results[0]?.id;
  const guest = roost.anonymous.with({ authorization: `Bearer ${await tokenOfAccount(roost)}` });
  const about = { subjectType: 'review', subjectId: reviewId, reason: 'spam' };
  expect((await guest.post('/v1/reports', about)).status).toBe(201);
  const reported = await guest.post(`/v1/reviews/${reviewId}/report`, { reason: 'spam' });
  expect(reported.status).toBe(201);
  expect((await caller.post('/v1/wishlists', { name: 'Lofts' })).status).toBe(201);
}

/** The token of a new account. The service identity requires a session, which the tokens of the simulation lack. */
async function tokenOfAccount(roost: RoostProcess, roles: string[] = []): Promise<string> {
  const account = { emailVerified: true, roles };
  const { body } = await roost.anonymous.post<{ accessToken: string }>('/dev/users', account);
  return body.accessToken;
}

async function busiestHost(roost: RoostProcess): Promise<string> {
  const [host] = await roost.query<{ id: string }>(
    'bookings',
    'SELECT host_id AS id FROM booking GROUP BY host_id ORDER BY count(*) DESC, host_id LIMIT 1',
  );
  if (!host) throw new Error('there are no bookings');
  return host.id;
}

/** The configuration of schemathesis: its dictionaries have the ids of existing rows. */
async function describeRows(roost: RoostProcess): Promise<string> {
  const parts = await Promise.all(
    ROWS.map(async ({ path, parameter, database, ids }, index) => {
      const rows = await roost.query<{ id: string }>(
        database,
        `SELECT DISTINCT id FROM (${ids}) rows ORDER BY id LIMIT 20`,
      );
      // A short simulation does not always change or refund a booking.
      if (rows.length === 0) return '';
      const binding = `{ dictionary = "rows${index}", probability = 0.8 }`;
      return `
[dictionaries.rows${index}]
values = ${JSON.stringify(rows.map(({ id }) => id))}

[[operations]]
include-path-regex = ${JSON.stringify(path)}
parameters = { "path.${parameter}" = ${binding} }
`;
    }),
  );
  // An erased caller would be refused from then on.
  const erasure = '[[operations]]\ninclude-path = "/v1/me"\ninclude-method = "DELETE"\nenabled = false\n';
  return ['max-stream-events = 1', ...parts, erasure].join('\n');
}

async function runSchemathesis(
  url: string,
  configuration: string,
  phases: string,
  accessToken: string | undefined,
): Promise<{ code: number | null; output: string }> {
  const child = spawn(
    'schemathesis',
    [
      ...['--config-file', configuration, '--no-color', 'run', `${url}/openapi.json`],
      ...['--phases', phases, '--exclude-path-regex', EXCLUDED.join('|')],
      ...['--checks', CHECKS.join(','), '--max-examples', String(casesPerOperation), '--seed', String(seed)],
      ...['--continue-on-failure', '--warnings', 'off', '--suppress-health-check', 'all'],
      ...['--generation-database', 'none', '--request-timeout', '60'],
      ...(accessToken ? ['--header', `authorization:Bearer ${accessToken}`] : []),
    ],
    {
      // It writes a folder for its state.
      cwd: dirname(configuration),
      env: { ...process.env, ...(await pythonPrograms('schemathesis')) },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const [out, error, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, output: out + error };
}
