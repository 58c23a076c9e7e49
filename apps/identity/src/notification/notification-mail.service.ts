import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Clock, SystemClock } from '@roost/platform';
import { nightCount } from '@roost/stay';
import { User } from '../account/user.entity.js';
import { ClientLinks, type PageValues } from '../mail/client-links.js';
import type { MailDraft } from '../mail/language/language.js';
import { MailService } from '../mail/mail.service.js';
import { findBookingMirror } from './booking-mirror.queries.js';
import type {
  BookingMirror,
  BookingTemplate,
  NotificationFacts,
  PayoutTemplate,
  Template,
} from './domain/notification.js';
import { relevanceOf } from './domain/schedule.js';
import type { MailContext, NotificationTexts, PayoutMailContext } from './language/language.js';
import { localeFormat } from './language/locale-format.js';
import { findListingMirror, type ListingMirror } from './listing-mirror.queries.js';
import { renderNotificationMail } from './notification-mail.js';
import { isMuted } from './notification-settings.queries.js';
import type { Outcome, StoredNotification } from './notification.queries.js';

/** How long a notification waits for the events of its listing or booking, which arrive on topics of their own. */
const MAX_DEFERRAL_MS = 3 * 24 * 60 * 60 * 1000;

/** Mails a notification to its recipient, in the recipient's language. */
@Injectable()
export class NotificationMailService {
  constructor(
    private readonly mails: MailService,
    private readonly links: ClientLinks,
    private readonly clock: Clock,
    private readonly systemClock: SystemClock,
  ) {}

  /** Returns null if the listing or booking is missing here: the notification stays due. */
  deliver(em: EntityManager, notification: StoredNotification): Promise<Outcome | null> {
    const { template } = notification;
    if (template === 'message-received') return this.deliverMessage(em, notification);
    if (template === 'feed-problem-found') return this.deliverFeedProblem(em, notification);
    if (isPayoutTemplate(template)) return this.deliverPayout(em, notification, template);
    return this.deliverBooking(em, notification, template);
  }

  private async deliverBooking(
    em: EntityManager,
    notification: StoredNotification,
    template: BookingTemplate,
  ): Promise<Outcome | null> {
    const { userId, bookingId, facts, side } = notification;
    if (bookingId === null || side === null) throw new Error(`a ${template} notification without a booking`);
    const booking = await findBookingMirror(em, bookingId);
    const listing = booking && (await findListingMirror(em, booking.listingId));
    if (!listing) return this.deferOrExpire(notification);
    const relevance = relevanceOf(template, facts, booking, this.clock.now());
    if (relevance !== 'relevant') return relevance;
    const users = await em.find(User, { id: { $in: [userId, booking.guestId, booking.hostId] } });
    const { listingId } = booking;
    return this.mail(em, notification, { users, ids: { listingId } }, (texts, recipient) => {
      const context = {
        ...bookingContext(booking, listing, users),
        facts: facts as unknown as NotificationFacts[BookingTemplate],
        side,
        format: localeFormat(recipient.locale),
      };
      const draft = texts.bookingMails[template] as (context: MailContext<BookingTemplate>) => MailDraft;
      return draft(context);
    });
  }

  /** A host is notified of the first messages of a booking only once it is requested or confirmed. */
  private async deliverMessage(em: EntityManager, notification: StoredNotification): Promise<Outcome | null> {
    const { userId, bookingId } = notification;
    const facts = notification.facts as unknown as NotificationFacts['message-received'];
    const { listingId, senderId, threadId } = facts;
    const listing = await findListingMirror(em, listingId);
    const booking = bookingId === null ? null : await findBookingMirror(em, bookingId);
    if (!listing || (bookingId !== null && !booking)) return this.deferOrExpire(notification);
    if (booking?.state === 'pending_payment' && userId === booking.hostId) return 'withdrawn';
    const users = await em.find(User, { id: { $in: [userId, senderId] } });
    return this.mail(em, notification, { users, ids: { listingId, threadId } }, (texts) =>
      texts.messageMail({ ...listing, senderName: nameOf(users, senderId), bookingId }),
    );
  }

  private async deliverFeedProblem(
    em: EntityManager,
    notification: StoredNotification,
  ): Promise<Outcome | null> {
    const facts = notification.facts as unknown as NotificationFacts['feed-problem-found'];
    const listing = await findListingMirror(em, facts.listingId);
    if (!listing) return this.deferOrExpire(notification);
    const users = await em.find(User, { id: notification.userId });
    const { listingId } = facts;
    return this.mail(em, notification, { users, ids: { listingId } }, (texts) =>
      texts.feedProblemMail({ ...listing, ...facts }),
    );
  }

  private async deliverPayout(
    em: EntityManager,
    notification: StoredNotification,
    template: PayoutTemplate,
  ): Promise<Outcome> {
    const users = await em.find(User, { id: notification.userId });
    return this.mail(em, notification, { users, ids: {} }, (texts, recipient) => {
      const draft = texts.payoutMails[template] as (context: PayoutMailContext<PayoutTemplate>) => MailDraft;
      const facts = notification.facts as unknown as NotificationFacts[PayoutTemplate];
      return draft({ facts, format: localeFormat(recipient.locale) });
    });
  }

  private async mail(
    em: EntityManager,
    notification: StoredNotification,
    { users, ids }: { users: readonly User[]; ids: PageValues },
    draft: (texts: NotificationTexts, recipient: User) => MailDraft,
  ): Promise<Outcome> {
    const { userId, template, facts, bookingId } = notification;
    const recipient = users.find(({ id }) => id === userId);
    if (!recipient || !isReachable(recipient)) return 'unreachable';
    if (await isMuted(em, userId, template)) return 'muted';
    const content = renderNotificationMail(
      {
        template,
        facts,
        recipient,
        ids: { bookingId, ...ids },
        draft: (texts) => draft(texts, recipient),
      },
      this.links,
    );
    const others = users.map(({ id }) => id).filter((id) => id !== userId);
    const about = [userId, ...others];
    await this.mails.enqueue(em, { recipient: recipient.email, about, template, content });
    return 'mailed';
  }

  private deferOrExpire({ createdAt }: StoredNotification): Outcome | null {
    return this.systemClock.now().getTime() - createdAt.getTime() < MAX_DEFERRAL_MS ? null : 'outdated';
  }
}

const isPayoutTemplate = (template: Template): template is PayoutTemplate => template.startsWith('payout-');

function nameOf(users: readonly User[], userId: string): string | null {
  const user = users.find(({ id }) => id === userId);
  return user && user.status !== 'erased' ? user.displayName : null;
}

function bookingContext(
  booking: BookingMirror,
  listing: ListingMirror,
  users: readonly User[],
): Omit<MailContext<BookingTemplate>, 'facts' | 'side' | 'format'> {
  return {
    stay: { ...booking, nights: nightCount(booking.checkInDate, booking.checkOutDate) },
    title: listing.title,
    city: listing.city,
    guestName: nameOf(users, booking.guestId),
    hostName: nameOf(users, booking.hostId),
  };
}

/** Active, with a verified address that is not one of an imported host (`.invalid`, RFC 2606). */
const isReachable = (user: User): boolean =>
  user.status === 'active' && user.emailVerifiedAt !== null && !user.email.toLowerCase().endsWith('.invalid');
