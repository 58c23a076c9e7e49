import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { Clock, LOGGER, SystemClock, uuidv7 } from '@roost/platform';
import type { Logger } from 'pino';
import { Mails } from '../mail/mail.service.js';
import { User } from '../user/user.entity.js';
import type { Facts, Side, Stay, StayTemplate, Template } from './domain/notification.js';
import { standing } from './domain/schedule.js';
import { languageOf, type Letter, type Told, withNights, wordsOf } from './language/language.js';
import { layOut } from './letter.layout.js';
import {
  addNotification,
  claimNotification,
  type Due,
  dueNotifications,
  type Notification,
  type Outcome,
  settleNotification,
  withdrawNotifications,
} from './notification.queries.js';
import { isMuted, isOptional } from './notification-settings.queries.js';
import { findListing, findStay, type ListingName } from './stay.queries.js';

const BATCH = 200;
/** How long a mail waits for the title of a listing or the dates of a booking, which come on topics of their own. */
const PATIENCE_MS = 3 * 24 * 60 * 60 * 1000;

interface News<T extends Template> {
  eventId: string;
  userId: string;
  side: Side | null;
  bookingId: string | null;
  facts: Facts[T];
}

/** Turns what happened, or is about to, into mails: one to each reader of an event, however often it is told. */
@Injectable()
export class Notifications {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly mails: Mails,
    private readonly clock: Clock,
    private readonly systemClock: SystemClock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Tells at once, in the transaction of the event. False: this event has been told to this reader before. */
  async tell<T extends Template>(em: EntityManager, template: T, news: News<T>): Promise<boolean> {
    const added = await this.add(em, template, news, this.clock.now());
    if (added) await this.settle(em, added);
    return added !== null;
  }

  /** Tells when the domain clock is there; nothing, if it has passed already. */
  async remind<T extends Template>(
    em: EntityManager,
    template: T,
    news: News<T>,
    dueAt: Date,
  ): Promise<void> {
    if (dueAt > this.clock.now()) await this.add(em, template, news, dueAt);
  }

  withdraw(em: EntityManager, bookingId: string, template: Template): Promise<void> {
    return withdrawNotifications(em, bookingId, template, this.systemClock.now());
  }

  /** Everything that is due. One that fails does not hold up the others; it stays due. */
  async sendDue(): Promise<void> {
    const em = this.em.fork();
    for (let after: Due | null = null; ;) {
      const due = await dueNotifications(em, this.clock.now(), after, BATCH);
      for (const { id } of due) {
        try {
          await this.transactions.run(async (em) => {
            const notification = await claimNotification(em, id);
            if (notification) await this.settle(em, notification);
          });
        } catch (error) {
          this.logger.error({ err: error, notificationId: id }, 'a due mail could not be written');
        }
      }
      after = due.at(-1) ?? null;
      if (due.length < BATCH) return;
    }
  }

  private add<T extends Template>(
    em: EntityManager,
    template: T,
    news: News<T>,
    dueAt: Date,
  ): Promise<Notification | null> {
    const createdAt = this.systemClock.now();
    return addNotification(em, { id: uuidv7(), template, ...news, createdAt, dueAt });
  }

  private async settle(em: EntityManager, notification: Notification): Promise<void> {
    const outcome = await this.deliver(em, notification);
    if (outcome) await settleNotification(em, notification.id, outcome, this.systemClock.now());
  }

  /** Null: what it tells is not known yet. */
  private async deliver(em: EntityManager, notification: Notification): Promise<Outcome | null> {
    const { template, userId, bookingId, facts, side } = notification;
    if (template === 'message-received') return await this.deliverMessage(em, notification);
    if (bookingId === null || side === null) throw new Error(`a ${template} without its booking`);
    const stay = await findStay(em, bookingId);
    const listing = stay && (await findListing(em, stay.listingId));
    if (!listing) return this.patient(notification);
    const now = standing(template, facts, stay, this.clock.now());
    if (now !== 'to-tell') return now;
    const people = await em.find(User, { id: { $in: [userId, stay.guestId, stay.hostId] } });
    const reader = people.find(({ id }) => id === userId);
    if (!reader || !isReachable(reader)) return 'unreachable';
    if (await isMuted(em, userId, template)) return 'muted';
    const language = languageOf(reader.locale);
    const told = { ...toldOf(facts, side, stay, listing, people), words: wordsOf(reader.locale, language) };
    const write = language.letters[template] as (told: Told<StayTemplate>) => Letter;
    const mail = layOut(write(told), reader, language, isOptional(template));
    await this.mails.post(em, reader.email, template, mail);
    return 'mailed';
  }

  /** A host hears of a booking once it is requested or confirmed, and not before by its first message. */
  private async deliverMessage(em: EntityManager, notification: Notification): Promise<Outcome | null> {
    const { template, userId, bookingId } = notification;
    const { listingId, senderId } = notification.facts as unknown as Facts['message-received'];
    const listing = await findListing(em, listingId);
    const stay = bookingId === null ? null : await findStay(em, bookingId);
    if (!listing || (bookingId !== null && !stay)) return this.patient(notification);
    if (stay?.state === 'pending_payment' && userId === stay.hostId) return 'withdrawn';
    const people = await em.find(User, { id: { $in: [userId, senderId] } });
    const reader = people.find(({ id }) => id === userId);
    if (!reader || !isReachable(reader)) return 'unreachable';
    if (await isMuted(em, userId, template)) return 'muted';
    const language = languageOf(reader.locale);
    const senderName = nameOf(people, senderId);
    const mail = layOut(
      language.newMessage({ ...listing, senderName, bookingId }),
      reader,
      language,
      isOptional(template),
    );
    await this.mails.post(em, reader.email, template, mail);
    return 'mailed';
  }

  /** What it tells is not known yet; one day it is too late to wait for that. */
  private patient({ createdAt }: Notification): Outcome | null {
    return this.systemClock.now().getTime() - createdAt.getTime() < PATIENCE_MS ? null : 'outdated';
  }
}

function nameOf(people: readonly User[], userId: string): string | null {
  const user = people.find(({ id }) => id === userId);
  return user && user.status !== 'erased' ? user.displayName : null;
}

function toldOf(
  facts: Notification['facts'],
  side: Side,
  stay: Stay,
  listing: ListingName,
  people: readonly User[],
): Omit<Told<StayTemplate>, 'words'> {
  return {
    facts: facts as unknown as Facts[StayTemplate],
    side,
    stay: withNights(stay),
    title: listing.title,
    city: listing.city,
    guestName: nameOf(people, stay.guestId),
    hostName: nameOf(people, stay.hostId),
  };
}

/** An address that its owner has confirmed. That of an imported host leads nowhere (RFC 2606), confirmed or not. */
const isReachable = (user: User): boolean =>
  user.status === 'active' && user.emailVerifiedAt !== null && !user.email.toLowerCase().endsWith('.invalid');
