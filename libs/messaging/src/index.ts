/**
 * Publishes and handles events: at least once delivery, exactly one effect per event, in order per key.
 *
 * Use cases: inject `Transactions` and `Outbox`; `transactions.run(async (em) => { …; await outbox.add(em, 'booking.confirmed', body, { version }) })`.
 * Consumers: `@OnEvent('payment.captured')` on a method of a `@Controller()`.
 * Bootstrap: `MessagingModule.forRoot({ service, bus, logger, metrics, context })`, `messagingMigrations` before the service's own,
 * `connectEvents(app)` and `app.startAllMicroservices()` (see `connectEvents`).
 * Tests and tools: `EventConsumer.handle(envelopeOf(type, body, { source, version, id }))` delivers an event once and throws the
 * handler's error; `DeadLetters` lists, redrives and discards; `OutboxOperations` resends or discards refused events.
 */
export { deadLetterTopic } from './dead-letter-notice.js';
export { DeadLetters } from './dead-letters.js';
export type { DeadLetter, DeadLetterFilter, DeadLetterSummary } from './dead-letter.queries.js';
export { EmbeddedBus } from './embedded-bus.js';
export { envelopeOf, readBody } from './envelope.js';
export type { EnvelopeOptions, EventEnvelope, EventMeta } from './envelope.js';
export { isTransient, RetryTransaction } from './errors.js';
export { EventConsumer } from './event-consumer.js';
export type { Outcome } from './outcome.js';
export { EventServer } from './event-server.js';
export { faultPoint } from './fault-point.js';
export { KafkaBus } from './kafka/kafka-bus.js';
export type { KafkaBusOptions } from './kafka/kafka-bus.js';
export { kafkaClient } from './kafka/kafka-client.js';
export type { KafkaClientOptions } from './kafka/kafka-client.js';
export { describeKafkaError } from './kafka/describe-kafka-error.js';
export { KafkaLog } from './kafka/kafka-log.js';
export { toMessages } from './kafka/kafka-message.js';
export { applyTopics, deleteAllTopics, listTopics } from './kafka/apply-topics.js';
export type { ApplyOptions, TopicReport } from './kafka/apply-topics.js';
export { plannedTopics } from './kafka/planned-topics.js';
export type { PlanOptions, PlannedTopic, TopicKind } from './kafka/planned-topics.js';
export { MissingTopics } from './kafka/required-topics.js';
export { KafkaSource } from './kafka/kafka-source.js';
export type { PartitionLag, ServiceLag } from './kafka/kafka-source.js';
export { connectEvents, MessagingModule } from './messaging.module.js';
export { messagingMigrations } from './migrations.js';
export { mirror, type MirroredRow } from './mirror.queries.js';
export { overwriteStoredEvents } from './stored-events.queries.js';
export { OnEvent } from './on-event.js';
export type { EventFigures, MessagingLogger, MessagingOptions } from './options.js';
export { type EventOperations, openEventOperations } from './operations/open-event-operations.js';
export type { EventSource, ReadOptions } from './operations/event-source.js';
export { OutboxSource } from './operations/outbox-source.js';
export { OutboxOperations } from './operations/outbox-operations.js';
export type { RefusedEvent, RefusedFilter } from './operations/refused-events.queries.js';
export { MAX_OUTBOX_COUNT } from './operations/outbox-status.queries.js';
export type { OutboxStatus, SinkStatus } from './operations/outbox-status.queries.js';
export { BlockedByDeadLetters, rebuild } from './operations/rebuild.js';
export type { Rebuilt, RebuiltTable, RebuildOptions } from './operations/rebuild.js';
export { Outbox } from './outbox.js';
export { OUTBOX_COLUMNS } from './outbox.queries.js';
export type { OutboxOptions } from './outbox.js';
export { Relay } from './relay.js';
export { Transactions } from './transactions.js';
export type { TransactionOptions } from './transactions.js';
export type { Delivery, EventListener, EventSink, EventTransport } from './transport.js';
