import { Module, type DynamicModule, type INestApplication } from '@nestjs/common';
import { DeadLetters } from './dead-letters.js';
import { EventConsumer } from './event-consumer.js';
import { EventServer } from './event-server.js';
import { MessagingGauges } from './messaging-gauges.js';
import { MessagingLog } from './messaging-log.js';
import { MESSAGING_OPTIONS, type MessagingOptions } from './options.js';
import { OutboxOperations } from './operations/outbox-operations.js';
import { Outbox } from './outbox.js';
import { Relay } from './relay.js';
import { Transactions } from './transactions.js';

/**
 * Imported once, by the service's bootstrap. Requires a global provider of `MikroORM` (the class of
 * @mikro-orm/postgresql), and `connectEvents(app)` after the app has been created.
 */
@Module({})
export class MessagingModule {
  static forRoot(options: MessagingOptions): DynamicModule {
    return {
      module: MessagingModule,
      global: true,
      providers: [
        { provide: MESSAGING_OPTIONS, useValue: options },
        Transactions,
        Outbox,
        DeadLetters,
        OutboxOperations,
        EventConsumer,
        EventServer,
        MessagingLog,
        MessagingGauges,
        Relay,
      ],
      exports: [Transactions, Outbox, DeadLetters, OutboxOperations, EventConsumer, EventServer, Relay],
    };
  }
}

/**
 * Connects the @OnEvent handlers of the app to its bus:
 * ```ts
 * const app = await NestFactory.create(…);
 * connectEvents(app);               // before app.listen(); global HTTP guards, pipes and filters don't apply to events
 * await app.startAllMicroservices(); // after the migrations; starts the delivery of events
 * await app.listen(…);
 * ```
 * `app.close()` waits for the running handlers. The ORM must stay open until `onApplicationShutdown`.
 */
export function connectEvents(app: INestApplication): void {
  app.connectMicroservice({ strategy: app.get(EventServer) }, { inheritAppConfig: false });
}
