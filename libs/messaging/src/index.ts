/**
 * Events that are neither lost nor applied twice.
 *
 * Use cases: inject `Transactions` and `Outbox`; `transactions.run(async (em) => { …; await outbox.add(em, 'booking.confirmed', body, { version }) })`.
 * Consumers: `@OnEvent('payment.captured')` on a method of a `@Controller()`.
 * Platform: `MessagingModule.forRoot({ service, bus, logger, metrics, context })`, `messagingMigrations` before the service's own,
 * `connectEvents(app)` and `app.startAllMicroservices()` (see there).
 * Tests and tools: `EventConsumer.handle(envelopeOf(type, body, { source, version, id }))` is one delivery that throws what the
 * handler throws; `DeadLetters` lists, redrives and discards.
 */
export { deadLetterTopic } from './dead-letter-notice.js';
export { DeadLetters } from './dead-letters.js';
export type { DeadLetter, DeadLetterFilter } from './dead-letters.js';
export { EmbeddedBus } from './embedded-bus.js';
export { envelopeOf } from './envelope.js';
export type { EnvelopeOptions, EventEnvelope, EventMeta } from './envelope.js';
export { isTransient, RetryTransaction } from './errors.js';
export { EventConsumer } from './event-consumer.js';
export type { Outcome } from './event-consumer.js';
export { EventServer } from './event-server.js';
export { faultPoint } from './fault-point.js';
export { KafkaBus } from './kafka/kafka-bus.js';
export type { KafkaBusOptions } from './kafka/kafka-bus.js';
export { kafkaClient } from './kafka/kafka-client.js';
export type { KafkaClientOptions } from './kafka/kafka-client.js';
export { kafkaComplaint } from './kafka/kafka-complaint.js';
export { fromMessage, toMessages } from './kafka/kafka-message.js';
export type { Received } from './kafka/kafka-message.js';
export {
  applyTopics,
  deleteAllTopics,
  listTopics,
  MissingTopics,
  plannedTopics,
} from './kafka/kafka-topics.js';
export type {
  ApplyOptions,
  PlanOptions,
  PlannedTopic,
  TopicKind,
  TopicReport,
} from './kafka/kafka-topics.js';
export { KafkaSource } from './kafka/kafka-source.js';
export type { PartitionLag, ServiceLag } from './kafka/kafka-source.js';
export { connectEvents, MessagingModule } from './messaging.module.js';
export { messagingMigrations } from './migrations.js';
export { mirror, type MirroredRow } from './mirror.js';
export { OnEvent } from './on-event.js';
export type { MessagingLogger, MessagingOptions } from './options.js';
export { deadLettersOf } from './operations/dead-letters-of.js';
export type { EventSource, ReadOptions } from './operations/event-source.js';
export { OutboxSource } from './operations/outbox-source.js';
export { discardRefused, listRefused, resendRefused } from './operations/outbox-refusals.js';
export type { RefusedEvent } from './operations/outbox-refusals.js';
export { readOutboxStatus } from './operations/outbox-status.js';
export type { OutboxStatus, SinkStatus } from './operations/outbox-status.js';
export { LettersInTheWay, rebuild } from './operations/rebuild.js';
export type { Rebuilt, RebuiltTable, RebuildOptions } from './operations/rebuild.js';
export { Outbox, OUTBOX_COLUMNS } from './outbox.js';
export type { OutboxOptions } from './outbox.js';
export { Relay } from './relay.js';
export { Transactions } from './transactions.js';
export type { TransactionOptions } from './transactions.js';
export type { Delivery, EventListener, EventSink, EventTransport } from './transport.js';
