import { applyTopics, kafkaClient } from '@roost/messaging';
import { freshKafka } from '@roost/testing';
import { describeOneTrace } from './one-trace.js';

const found = describeOneTrace(async () => {
  const { brokers, prefix } = await freshKafka();
  await applyTopics(kafkaClient({ brokers: brokers.split(','), clientId: 'spec' }), { prefix });
  return { ROOST_MODE: 'distributed', KAFKA_BROKERS: brokers, KAFKA_PREFIX: prefix };
});

test('has a send span over Kafka, a sibling of the handler spans', () => {
  const created = found.spans.find(({ name }) => name === 'create booking.created');
  const sent = found.spans.filter(
    ({ name, parentSpanId }) => name === 'send bookings.booking' && parentSpanId === created?.spanId,
  );
  expect(sent).toMatchObject([
    { service: 'bookings', kind: 'producer', attributes: { 'messaging.system': 'kafka' } },
  ]);
  const handled = found.spans.filter(({ name }) => name === 'process booking.created');
  expect(handled.length).toBeGreaterThanOrEqual(3);
  for (const { startNanos, parentSpanId } of handled) {
    expect(parentSpanId).toBe(created?.spanId);
    expect(startNanos).toBeGreaterThanOrEqual(sent[0]?.startNanos ?? 0n);
  }
});
