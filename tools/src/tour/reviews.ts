import type { Client } from './client.js';
import { becomes, book, must, pay, quoteFor, type Step, world } from './journey.js';

interface Review {
  id: string;
  text: string;
  publishedAt: string | null;
}

interface Reviews {
  rating: { mean: number; count: number } | null;
  data: Review[];
}

const ofGuest = {
  overall: 5,
  categories: { accuracy: 5, checkIn: 5, cleanliness: 4, communication: 5, location: 5, value: 4 },
  text: 'The boats below the window sang us to sleep.',
};

const ofHost = {
  overall: 4,
  categories: { cleanliness: 5, rules: 4, communication: 5 },
  text: 'They left the kitchen cleaner than it was.',
};

const HOUR = 3_600_000;

/** Everybody's time is moved: one step, and back at its end whatever happens in it. */
async function atCheckOut(anyone: Client, checkOutAt: string, work: () => Promise<void>): Promise<void> {
  const set = new Date(Date.parse(checkOutAt) + HOUR).toISOString();
  anyone.expect(await anyone.post('/dev/clock', { set }), 200);
  try {
    await work();
  } finally {
    anyone.expect(await anyone.post('/dev/clock', { reset: true }), 200);
  }
}

export const reviewCircle: Step[] = [
  {
    name: 'A guest stays; both sides review, unseen until both have; then both reviews and the rating appear',
    run: async (anyone) => {
      const { guest, host, instant } = world;
      const listed = `/v1/listings/${instant.id}/reviews`;
      const booking = await book(guest, await quoteFor(guest, instant, 1, 3));
      await pay(guest, booking);
      const { body: confirmed } = await becomes(guest, booking, 'confirmed');
      const path = `/v1/bookings/${booking.id}/reviews`;
      guest.expect(await guest.post(path, ofGuest), 409, 'review.not_eligible');

      await atCheckOut(anyone, confirmed.checkOutAt, async () => {
        await becomes(guest, booking, 'completed');
        await guest.until<{ data: { bookingId: string }[] }>('/v1/me/reviews/pending', (answer) =>
          answer.body.data.some(({ bookingId }) => bookingId === booking.id),
        );
        const first = guest.expect(await guest.post<Review>(path, ofGuest), 201);
        must(guest, first, first.body.publishedAt === null, 'the first review waits for the second');
        host.expect(await host.get(`/v1/reviews/${first.body.id}`), 404, 'review.not_found');
        const unseen = await anyone.get<Reviews>(listed);
        must(
          anyone,
          unseen,
          unseen.body.data.length === 0 && unseen.body.rating === null,
          'nobody sees it yet',
        );
        const second = host.expect(await host.post<Review>(path, ofHost), 201);
        must(host, second, second.body.publishedAt !== null, 'the second review publishes both');
      });

      const seen = await anyone.get<Reviews>(listed);
      const [review] = seen.body.data;
      must(anyone, seen, review?.text === ofGuest.text, 'everybody reads what the guest wrote');
      must(anyone, seen, seen.body.rating?.mean === 5 && seen.body.rating.count === 1, 'and it is rated');
      const reply = await host.post(`/v1/reviews/${review?.id}/reply`, { text: 'Come again!' });
      host.expect(reply, 201);
      const search = `/v1/listings/search?city=${encodeURIComponent(world.city)}&minRating=4.9&sort=rating`;
      const found = await anyone.until<{ data: { id: string; rating: { mean: number; count: number } }[] }>(
        search,
        (answer) => answer.body.data[0]?.id === instant.id,
      );
      const rating = found.body.data[0]?.rating;
      must(anyone, found, rating?.mean === 5 && rating.count === 1, 'the hit carries the rating');
      return `${rating?.mean} stars of ${rating?.count}`;
    },
  },
];
