import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { Clock, LOGGER, SystemClock, uuidv7 } from '@roost/platform';
import type { Logger } from 'pino';
import type { NotificationFacts, Side, Template } from './domain/notification.js';
import { NotificationMailService } from './notification-mail.service.js';
import {
  claimNotification,
  type DueNotification,
  findDueNotifications,
  finishNotification,
  insertNotification,
  type StoredNotification,
  withdrawNotifications,
} from './notification.queries.js';

const BATCH = 200;

export interface Notification<T extends Template> {
  eventId: string;
  userId: string;
  side: Side | null;
  bookingId: string | null;
  facts: NotificationFacts[T];
}

/** Notifies users of events and sends reminders: one mail for each event, user and template. */
@Injectable()
export class NotificationService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly mails: NotificationMailService,
    private readonly clock: Clock,
    private readonly systemClock: SystemClock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Notifies in the transaction of the event. Returns false if all of these notifications exist already. */
  async notify<T extends Template>(
    em: EntityManager,
    template: T,
    notifications: readonly Notification<T>[],
  ): Promise<boolean> {
    let isNew = false;
    for (const notification of notifications) {
      const added = await this.add(em, template, notification, this.clock.now());
      if (!added) continue;
      isNew = true;
      await this.process(em, added);
    }
    return isNew;
  }

  /** Schedules a notification on the domain clock. Does nothing if `dueAt` has passed. */
  async schedule<T extends Template>(
    em: EntityManager,
    template: T,
    notification: Notification<T>,
    dueAt: Date,
  ): Promise<void> {
    if (dueAt > this.clock.now()) await this.add(em, template, notification, dueAt);
  }

  /** Withdraws the scheduled notifications of a booking. */
  withdraw(em: EntityManager, bookingId: string, template: Template): Promise<void> {
    return withdrawNotifications(em, bookingId, template, this.systemClock.now());
  }

  /** Processes all due notifications. A failure does not block the others; the row is retried. */
  async sendDue(): Promise<void> {
    const em = this.em.fork();
    for (let after: DueNotification | null = null; ;) {
      const due = await findDueNotifications(em, this.clock.now(), after, BATCH);
      for (const { id } of due) {
        try {
          await this.transactions.run(async (em) => {
            const notification = await claimNotification(em, id);
            if (notification) await this.process(em, notification);
          });
        } catch (error) {
          this.logger.error(
            { err: error, notificationId: id },
            'notification failed; the sweeper will retry',
          );
        }
      }
      after = due.at(-1) ?? null;
      if (due.length < BATCH) return;
    }
  }

  private add<T extends Template>(
    em: EntityManager,
    template: T,
    notification: Notification<T>,
    dueAt: Date,
  ): Promise<StoredNotification | null> {
    const createdAt = this.systemClock.now();
    return insertNotification(em, { id: uuidv7(), template, ...notification, createdAt, dueAt });
  }

  private async process(em: EntityManager, notification: StoredNotification): Promise<void> {
    const outcome = await this.mails.deliver(em, notification);
    if (outcome) await finishNotification(em, notification.id, outcome, this.systemClock.now());
  }
}
