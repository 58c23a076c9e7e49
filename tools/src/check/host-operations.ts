import { cancelBooking } from './cancel-operation.js';
import type { ChangeOperations } from './change-operations.js';
import { HOST_OPERATION_WEIGHTS } from './expected-responses.js';
import { expectStatus } from './operation-recorder.js';
import {
  type Actor,
  FIRST_DAY,
  LAST_DAY,
  type Listing,
  type SimulationContext,
} from './simulation-context.js';

/** A host with their listings. */
export interface Host extends Actor {
  listings: readonly Listing[];
}

/** The operations of hosts. */
export class HostOperations {
  constructor(
    private readonly context: SimulationContext,
    private readonly changes: ChangeOperations,
  ) {}

  async runRandom(host: Host): Promise<void> {
    const listing = host.random.pick(host.listings);
    if (!listing) return;
    switch (host.random.pickWeighted(HOST_OPERATION_WEIGHTS)) {
      case 'accept':
        return await this.answerRequest(host, 'accept', undefined);
      case 'decline':
        return await this.answerRequest(host, 'decline', { reason: 'Full, sorry' });
      case 'block':
        return await this.block(host, listing);
      case 'unblock':
        return await this.unblock(host, listing);
      case 'cancel':
        return await cancelBooking(this.context, host);
      case 'link':
        return await this.link(host);
      case 'price':
        return await this.changePrice(host, listing);
      case 'pause':
        return await this.pauseAndPublish(host, listing);
      case 'propose':
        return await this.changes.propose(host);
      case 'answerChange':
        return await this.changes.answer(host);
    }
  }

  private async answerRequest(host: Host, operation: 'accept' | 'decline', body?: object): Promise<void> {
    const booking = await this.context.pickBooking(host, 'awaiting_host');
    if (!booking) return;
    await this.context.recorder.run(operation, () =>
      host.client.post(`/v1/bookings/${booking.id}/${operation}`, body),
    );
  }

  private async block({ client, random }: Host, { id }: Listing): Promise<void> {
    const firstDay = random.integer(FIRST_DAY, LAST_DAY);
    const block = {
      from: this.context.date(firstDay),
      to: this.context.date(firstDay + random.integer(1, 4)),
      note: 'Painting',
    };
    await this.context.recorder.run('block', () => client.post(`/v1/listings/${id}/calendar/blocks`, block));
  }

  private async unblock({ client, random }: Host, { id }: Listing): Promise<void> {
    const path = `/v1/listings/${id}/calendar`;
    const days = await client.get<{ data: { blockId?: string | null }[] }>(
      `${path}?from=${this.context.date(0)}&to=${this.context.date(LAST_DAY)}`,
    );
    const blockIds = new Set(expectStatus(200, days).body.data.flatMap(({ blockId }) => blockId ?? []));
    const blockId = random.pick([...blockIds]);
    if (blockId) await this.context.recorder.run('unblock', () => client.delete(`${path}/blocks/${blockId}`));
  }

  /** Links the first listing, as a house, to a random number of the other listings, as its rooms. */
  private async link({ client, random, listings: [house, ...rooms] }: Host): Promise<void> {
    if (!house || rooms.length === 0) return;
    const listingIds = rooms.slice(0, random.integer(0, rooms.length)).map(({ id }) => id);
    await this.context.recorder.run('link', () =>
      client.put(`/v1/listings/${house.id}/links`, { listingIds }),
    );
  }

  private async changePrice({ client, random }: Host, { id }: Listing): Promise<void> {
    const path = `/v1/listings/${id}/pricing`;
    const { body } = expectStatus(200, await client.get<Record<string, unknown>>(path));
    const basePriceMinor = random.integer(40, 300) * 100;
    const cleaningFeeMinor = random.integer(0, 60) * 100;
    await this.context.recorder.run('price', () =>
      client.put(path, { ...body, basePriceMinor, cleaningFeeMinor }),
    );
  }

  private async pauseAndPublish({ client }: Host, { id }: Listing): Promise<void> {
    await this.context.recorder.run('pause', () => client.post(`/v1/listings/${id}/pause`));
    await this.context.recorder.run('pause', () => client.post(`/v1/listings/${id}/publish`));
  }
}
