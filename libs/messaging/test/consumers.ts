import { Controller, Inject, Injectable } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { OnEvent, Transactions, type EventMeta } from '../src/index.js';

/** What a test makes the handlers do. Static, for Nest makes the instance. */
export const script: {
  before: (body: EventBody<'message.sent'>, meta: EventMeta) => Promise<void> | void;
  tries: string[];
} = { before: () => undefined, tries: [] };

export function resetScript(): void {
  script.before = () => undefined;
  script.tries = [];
}

/** A use case, as services have them: joins the handler's transaction through Transactions.run. */
@Injectable()
export class Effects {
  constructor(@Inject(Transactions) private readonly transactions: Transactions) {}

  async note(eventId: string, key: string, note: string): Promise<void> {
    await this.transactions.run((em) =>
      em.execute('INSERT INTO effect (event_id, key, note) VALUES (?, ?, ?)', [eventId, key, note]),
    );
  }
}

/** A fact consumer: one effect per event. */
@Controller()
export class MessageConsumer {
  private readonly effects: Effects;
  constructor(@Inject(Transactions) transactions: Transactions) {
    this.effects = new Effects(transactions);
  }

  @OnEvent('message.sent')
  async sent(body: EventBody<'message.sent'>, meta: EventMeta): Promise<void> {
    script.tries.push(body.messageId);
    await this.effects.note(meta.id, body.threadId, body.messageId);
    await script.before(body, meta);
  }
}

/** A state consumer: keeps the newest snapshot. */
@Controller()
export class RatingMirror {
  constructor(@Inject(Transactions) private readonly transactions: Transactions) {}

  @OnEvent('rating.changed')
  async changed(body: EventBody<'rating.changed'>, meta: EventMeta): Promise<void> {
    await this.transactions.run((em) =>
      em.execute(
        `INSERT INTO mirror (key, version, count) VALUES (?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET version = excluded.version, count = excluded.count WHERE mirror.version < excluded.version`,
        [body.listingId, meta.aggregateVersion, body.count],
      ),
    );
  }
}
