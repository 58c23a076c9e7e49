import type { Client } from './client.js';
import { untilState, book, assertRule, pay, quoteFor } from './actions.js';
import type { Step } from './smoke.js';
import { tour } from './tour-state.js';

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

/** Moves the clock of all services to after the check-out, and resets it afterwards. */
async function atCheckOut(anonymous: Client, checkOutAt: string, work: () => Promise<void>): Promise<void> {
  const set = new Date(Date.parse(checkOutAt) + HOUR).toISOString();
  anonymous.expect(await anonymous.post('/dev/clock', { set }), 200);
  try {
    await work();
  } finally {
    anonymous.expect(await anonymous.post('/dev/clock', { reset: true }), 200);
  }
}

export const reviewSteps: Step[] = [
  {
    name: 'Both sides review a stay; both reviews and the rating are published together',
    run: async (anonymous) => {
      const { guest, host, instant } = tour;
      const listed = `/v1/listings/${instant.id}/reviews`;
      const booking = await book(guest, await quoteFor(guest, instant, 1, 3));
      await pay(guest, booking);
      const { body: confirmed } = await untilState(guest, booking, 'confirmed');
      const path = `/v1/bookings/${booking.id}/reviews`;
      guest.expect(await guest.post(path, ofGuest), 409, 'review.not_eligible');

      await atCheckOut(anonymous, confirmed.checkOutAt, async () => {
        await untilState(guest, booking, 'completed');
        await guest.until<{ data: { bookingId: string }[] }>('/v1/me/reviews/pending', (response) =>
          response.body.data.some(({ bookingId }) => bookingId === booking.id),
        );
        const first = guest.expect(await guest.post<Review>(path, ofGuest), 201);
        assertRule(
          guest,
          first,
          first.body.publishedAt === null,
          'the first review is not published before the second',
        );
        host.expect(await host.get(`/v1/reviews/${first.body.id}`), 404, 'review.not_found');
        const hidden = await anonymous.get<Reviews>(listed);
        assertRule(
          anonymous,
          hidden,
          hidden.body.data.length === 0 && hidden.body.rating === null,
          'the review is not public yet',
        );
        const second = host.expect(await host.post<Review>(path, ofHost), 201);
        assertRule(host, second, second.body.publishedAt !== null, 'the second review publishes both');
      });

      const published = await anonymous.get<Reviews>(listed);
      const [review] = published.body.data;
      assertRule(anonymous, published, review?.text === ofGuest.text, 'the review is public');
      assertRule(
        anonymous,
        published,
        published.body.rating?.mean === 5 && published.body.rating.count === 1,
        'the listing is rated',
      );
      const reply = await host.post(`/v1/reviews/${review?.id}/reply`, { text: 'Come again!' });
      host.expect(reply, 201);
      const search = `/v1/listings/search?city=${encodeURIComponent(tour.city)}&minRating=4.9&sort=rating`;
      const found = await anonymous.until<{
        data: { id: string; rating: { mean: number; count: number } }[];
      }>(search, (response) => response.body.data[0]?.id === instant.id);
      const rating = found.body.data[0]?.rating;
      assertRule(anonymous, found, rating?.mean === 5 && rating.count === 1, 'the search hit has the rating');
      return `${rating?.mean} stars of ${rating?.count}`;
    },
  },
];
