import { randomUUID } from 'node:crypto';
import { kafkaClient } from '@roost/messaging';
import Bull from 'bull';
import type { LiveSystem } from './live-system.js';

/** A fault that is really planted in the running system, and the alerts that must fire for it and clear after it. */
export interface Fault {
  name: string;
  /** The alert and the service, or the objective, for which it fires. */
  alerts: readonly [alert: string, label?: string][];
  plant(system: LiveSystem): Promise<() => Promise<unknown>>;
}

const INVALID_EVENTS = 12;
const WAITING_REQUESTS = 40;

export const faults: readonly Fault[] = [
  {
    name: 'events that are no events',
    alerts: [
      ['RoostDeadLetters', 'reviews'],
      ['RoostKeysQuarantined', 'reviews'],
      ['RoostDeadLettersOld', 'reviews'],
    ],
    plant: async (system) => {
      const kafka = kafkaClient({ clientId: 'monitoring-test', brokers: [system.kafkaBrokers] });
      const producer = kafka.producer();
      await producer.connect();
      const messages = Array.from({ length: INVALID_EVENTS }, () => ({
        key: randomUUID(),
        value: 'not an event',
      }));
      await producer.send({ topic: 'bookings.booking', messages });
      await producer.disconnect();
      await until(async () => {
        const rows = await system.query(
          'reviews',
          `UPDATE dead_letter SET parked_at = parked_at - interval '5 hours' RETURNING true`,
        );
        return rows.length >= INVALID_EVENTS;
      });
      return () => system.operate('dead-letters', 'discard', '--all', '--yes');
    },
  },
  {
    name: 'a service is stopped while it is needed',
    alerts: [
      ['RoostServiceDown', 'reviews'],
      ['RoostTargetDown', 'reviews'],
      ['RoostErrorBudgetBurnFast', 'api-availability'],
    ],
    plant: async (system) => {
      system.stopService('reviews');
      const requests = setInterval(
        () => void fetch(`${system.url}/v1/listings/${randomUUID()}/reviews`).catch(() => undefined),
        100,
      );
      return () => {
        clearInterval(requests);
        system.startStopped();
        return Promise.resolve();
      };
    },
  },
  {
    name: 'Kafka does not answer',
    alerts: [
      ['RoostOutboxDelayed', 'identity'],
      ['RoostServiceNotReady', 'bookings'],
      ['RoostPartDown', 'bookings'],
    ],
    plant: async (system) => {
      system.signalKafka('SIGSTOP');
      await fetch(`${system.url}/dev/users`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"roles":["guest"],"emailVerified":true}',
      });
      return () => {
        system.signalKafka('SIGCONT');
        return Promise.resolve();
      };
    },
  },
  {
    name: 'no worker takes jobs',
    alerts: [['RoostQueueDelayed', 'payments']],
    plant: async (system) => {
      const queue = new Bull('payments', system.redisUrl, {
        prefix: `${system.settings.REDIS_PREFIX ?? 'roost'}:bull`,
      });
      await queue.pause();
      return async () => {
        await queue.resume();
        await queue.close();
      };
    },
  },
  {
    name: 'a lock that blocks all searches',
    alerts: [['RoostPoolExhausted', 'listings']],
    plant: async (system) => {
      const connection = await system.connect('listings');
      await connection.query('BEGIN');
      await connection.query('LOCK TABLE listing IN ACCESS EXCLUSIVE MODE');
      const requests = setInterval(() => {
        for (let count = 0; count < WAITING_REQUESTS; count += 1)
          void fetch(`${system.url}/v1/listings/search?city=Lisbon&guests=${1 + (count % 4)}`)
            .then((response) => response.text())
            .catch(() => undefined);
      }, 2_000);
      return async () => {
        clearInterval(requests);
        await connection.query('ROLLBACK');
        connection.release();
      };
    },
  },
  {
    name: 'a payment that the ledger does not know',
    alerts: [['RoostLedgerDifferences', 'ledger.payment_differs']],
    plant: async (system) => {
      const change = (sign: string) =>
        system.query(
          'payments',
          `UPDATE payment SET captured_minor = captured_minor ${sign} 1
          WHERE id = (SELECT min(id::text)::uuid FROM payment WHERE status = 'captured')`,
        );
      await change('-');
      await system.operate('reconcile', 'run');
      return async () => {
        await change('+');
        await system.operate('reconcile', 'run');
      };
    },
  },
  {
    name: 'events that Kafka has refused',
    alerts: [['RoostEventsRefused', 'identity']],
    plant: async (system) => {
      await system.query(
        'identity',
        `UPDATE outbox_event SET refused_at = now(), refusal = 'MESSAGE_TOO_LARGE'
        WHERE ctid = (SELECT ctid FROM outbox_event LIMIT 1)`,
      );
      return () =>
        system.query(
          'identity',
          'UPDATE outbox_event SET refused_at = NULL, refusal = NULL WHERE refused_at IS NOT NULL',
        );
    },
  },
  {
    name: 'a mail that is not sent',
    alerts: [['RoostMailsDelayed', 'identity']],
    plant: async (system) => {
      const mark = (created: string, next: string) =>
        system.query(
          'identity',
          `UPDATE mail SET created_at = ${created}, next_attempt_at = ${next}
          WHERE id = (SELECT max(id::text)::uuid FROM mail)`,
        );
      await mark(`now() - interval '1 hour'`, `now() + interval '1 hour'`);
      return () => mark('now()', 'NULL');
    },
  },
  {
    name: 'a webhook that can not be handled',
    alerts: [['RoostWebhooksFailing', 'payments']],
    plant: async (system) => {
      await system.query(
        'payments',
        `INSERT INTO webhook_event (provider, id, type, payload, due_at, received_at)
        VALUES ('sandbox', 'evt_monitoring', 'intent.captured', 'x', now() + interval '1 day', now() - interval '1 hour')`,
      );
      return () => system.query('payments', `DELETE FROM webhook_event WHERE id = 'evt_monitoring'`);
    },
  },
];

async function until(done: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await done())) {
    if (performance.now() > deadline) throw new Error('The fault could not be planted within a minute');
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
