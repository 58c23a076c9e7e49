import { sql } from '@mikro-orm/postgresql';
import { Controller, Inject, Injectable } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { mirror, OnEvent, Transactions, type EventMeta } from '../src/index.js';

/** What a test makes the handlers do, and the events they have tried. Global, because Nest creates the instances. */
export const script: {
  before: (body: EventBody<'message.sent'>, meta: EventMeta) => Promise<void> | void;
  tries: string[];
} = { before: () => undefined, tries: [] };

export function resetScript(): void {
  script.before = () => undefined;
  script.tries = [];
}

/** A use case as services have them: joins the handler's transaction through Transactions.run. */
@Injectable()
export class Effects {
  constructor(@Inject(Transactions) private readonly transactions: Transactions) {}

  async add(eventId: string, key: string, note: string): Promise<void> {
    await this.transactions.run((em) =>
      em.execute(sql`INSERT INTO effect (event_id, key, note) VALUES (${eventId}, ${key}, ${note})`),
    );
  }
}

/** Consumes facts: one effect per event. */
@Controller()
export class MessageConsumer {
  private readonly effects: Effects;
  constructor(@Inject(Transactions) transactions: Transactions) {
    this.effects = new Effects(transactions);
  }

  @OnEvent('message.sent')
  async sent(body: EventBody<'message.sent'>, meta: EventMeta): Promise<void> {
    script.tries.push(body.messageId);
    await this.effects.add(meta.id, body.threadId, body.messageId);
    await script.before(body, meta);
  }
}

/** Consumes state events: stores the newest of each key. */
@Controller()
export class RatingMirror {
  constructor(@Inject(Transactions) private readonly transactions: Transactions) {}

  @OnEvent('rating.changed')
  async changed(body: EventBody<'rating.changed'>, meta: EventMeta): Promise<void> {
    await this.transactions.run((em) =>
      mirror(em, {
        table: 'mirror',
        key: { key: body.listingId },
        version: meta.aggregateVersion ?? 0,
        values: { count: body.count },
      }),
    );
  }
}
