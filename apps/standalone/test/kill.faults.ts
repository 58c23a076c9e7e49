import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runsAllFaults, eventually } from '@roost/testing';
import { expectAgreement } from './agreement.fixture.js';
import { type Databases, unfinished, violations } from './kill/invariants.js';
import { KilledServices, type Plan } from './kill/killed-services.js';
import { randomFrom } from './kill/random.js';

/** QUALITY.md, acceptance 3: three seeds, 20 with ROOST_FAULTS=all. */
const SEEDS = Array.from({ length: runsAllFaults ? 20 : 3 }, (_, n) => n + 1);
/** The short version runs beside other specs on one machine. */
const CONVERGED_WITHIN_SECONDS = runsAllFaults ? 60 : 180;
const CONCURRENCY = 4;
const MAX_WAVES = 30;

/** Every fault point, and in which of its occurrences in a run the process is killed at the latest. */
const FAULT_POINTS: [string, number][] = [
  ['bookings.before-commit', 12],
  ['bookings.after-commit', 12],
  ['bookings.after-handler', 4],
  ['bookings.after-publish', 4],
  ['bookings.before-offsets', 4],
  ['payments.before-commit', 12],
  ['payments.after-commit', 12],
  ['payments.before-provider', 4],
  ['payments.after-provider', 4],
  ['payments.after-capture', 2],
  ['payments.before-webhook-handled', 3],
  ['payments.after-handler', 4],
  ['payments.after-publish', 4],
  ['payments.before-offsets', 4],
];

const PLANS: Plan[] = ['pay', 'pay', 'pay, then cancel', 'cancel while paying', 'cancel'];

let dataDir: string;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'roost-kill-'));
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

/** The faults of a seed: a different part of all fault points for each seed; all of them in the long version. */
function faultsOf(seed: number, random: () => number): Record<'bookings' | 'payments', string[]> {
  const share = runsAllFaults
    ? FAULT_POINTS
    : FAULT_POINTS.filter((_, n) => n % SEEDS.length === seed % SEEDS.length);
  const drawn = share
    .map(([point, latest]) => ({ at: random(), fault: `${point}:kill#${1 + Math.floor(random() * latest)}` }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ fault }) => fault);
  return {
    bookings: drawn.filter((fault) => fault.startsWith('bookings.')),
    payments: drawn.filter((fault) => fault.startsWith('payments.')),
  };
}

/** Checks that `violations` finds seeded errors. */
async function expectSeededErrorsFound(databases: Databases): Promise<void> {
  const { rows } = await databases.sandbox.query<{ intent: string; booking: string }>(
    `INSERT INTO book_entry (intent_id, kind, amount_minor, currency)
     SELECT e.intent_id, 'charge', e.amount_minor, e.currency FROM book_entry e WHERE kind = 'charge' LIMIT 1
     RETURNING intent_id AS intent, (SELECT metadata->>'bookingId' FROM intent WHERE id = intent_id) AS booking`,
  );
  const [doubled] = rows;
  expect(doubled).toBeDefined();
  expect(await violations(databases)).toMatchObject({
    doubleCharges: [doubled?.booking],
    differentFromPayments: [doubled?.intent],
  });
  await databases.payments.query('UPDATE payment SET provider_ref = NULL WHERE provider_ref = $1', [
    doubled?.intent,
  ]);
  expect(await violations(databases)).toMatchObject({ orphanCharges: [doubled?.intent] });
  await databases.sandbox.query("DELETE FROM book_entry WHERE kind = 'charge'");
  const unpaid = await databases.bookings.query("SELECT FROM booking WHERE state = 'confirmed'");
  expect((await violations(databases)).confirmedUnpaid).toHaveLength(unpaid.rowCount ?? -1);
}

test.each(SEEDS)(
  'kill -9 at every fault point, seed %i: all services converge without double, orphaned or missing payments',
  async (seed) => {
    const random = randomFrom(seed);
    const faults = faultsOf(seed, random);
    const plannedKills = faults.bookings.length + faults.payments.length;
    const services = await KilledServices.start(faults, dataDir);
    const { bookings, payments, sandbox, gateway } = services.processes;
    try {
      let number = 0;
      for (let wave = 0; bookings.faults.length + payments.faults.length > 0; wave++) {
        if (wave === MAX_WAVES)
          throw new Error(`fault points not reached: ${[...bookings.faults, ...payments.faults].join(', ')}`);
        const plans = Array.from(
          { length: CONCURRENCY },
          () => PLANS[Math.floor(random() * PLANS.length)] ?? 'pay',
        );
        const guests = plans.map((plan) => services.follow(plan, number++));
        // Services without fault points are killed at any time.
        if (random() < 0.3) setTimeout(() => (random() < 0.5 ? sandbox : gateway).kill(), random() * 1000);
        await Promise.all(guests);
      }
      await Promise.all([bookings, payments, sandbox, gateway].map((each) => each.healthy()));
      const secondsLeft = CONVERGED_WITHIN_SECONDS - (performance.now() - services.startedAt) / 1000;
      await eventually(
        async () => {
          expect(await unfinished(services.databases)).toEqual({});
          expect(await services.states()).toEqual(
            services.planned.map(({ plan }) => ({ plan, state: plan === 'pay' ? 'confirmed' : 'cancelled' })),
          );
          expect(await violations(services.databases)).toEqual({
            doubleCharges: [],
            orphanCharges: [],
            confirmedUnpaid: [],
            notRefunded: [],
            differentFromPayments: [],
          });
        },
        { seconds: Math.max(secondsLeft, 10) },
      );
      await expectAgreement(services.operator);
      expect(bookings.kills + payments.kills).toBeGreaterThanOrEqual(plannedKills);
      await expectSeededErrorsFound(services.databases);
    } finally {
      await services.close();
    }
  },
  runsAllFaults ? 1_800_000 : 600_000,
);
