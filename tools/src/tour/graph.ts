import { formatMoney } from '@roost/money';
import { setTimeout as pause } from 'node:timers/promises';
import type { ApiResponse, Client } from './client.js';
import type { Step } from './smoke.js';
import { listingInput, samplePhoto, GUESTS, PRICING, STAY_RULES } from './sample-listing.js';
import { tour } from './tour-state.js';

interface GraphqlError {
  message: string;
  extensions: { code: string };
}

interface Reply<T> {
  data: T | null;
  errors?: GraphqlError[];
}

/** Sends one operation. A rejected field is an error in the body; the status is still 200. */
const operate = <T>(
  who: Client,
  query: string,
  variables: object = {},
  headers: Record<string, string> = {},
) => who.post<Reply<T>>('/graphql', { query, variables }, { headers });

/** The data of an operation that must succeed. */
async function execute<T>(who: Client, query: string, variables: object = {}): Promise<T> {
  const response = await operate<T>(who, query, variables);
  who.expect(response, 200);
  if (response.body.errors || !response.body.data) throw who.wrong('an operation without errors', response);
  return response.body.data;
}

async function executeUntil<T>(
  who: Client,
  query: string,
  variables: object,
  done: (data: T) => boolean,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    const response = await operate<T>(who, query, variables);
    if (response.body.data && !response.body.errors && done(response.body.data)) return response.body.data;
    if (tries > 150) throw who.wrong('the expected state was not reached', response);
    await pause(100);
  }
}

function expectError(who: Client, response: ApiResponse<Reply<unknown>>, code: string): void {
  if (response.body.errors?.[0]?.extensions.code !== code)
    throw who.wrong(`expected the code ${code}`, response);
}

/** The journey of a booking over GraphQL. */
export function graphSteps(): Step[] {
  let listingId: string;
  let bookingId: string;
  return [
    {
      name: 'GraphQL: the host lists a house with mutations (the photo goes over REST) and publishes it',
      run: async () => {
        const { host } = tour;
        const created = await execute<{ createListing: { id: string; missing: string[] } }>(
          host,
          'mutation ($input: CreateListingInput!) { createListing(input: $input) { id status missing } }',
          { input: { ...listingInput(tour, 'instant'), title: 'House listed over GraphQL' } },
        );
        listingId = created.createListing.id;
        expectError(
          host,
          await operate(host, 'mutation ($id: ID!) { publishListing(id: $id) { id } }', { id: listingId }),
          'listing.incomplete',
        );
        await execute(
          host,
          `mutation ($id: ID!, $pricing: PriceRulesInput!, $rules: StayRulesInput!) {
            setPricing(listingId: $id, input: $pricing) { basePriceMinor }
            setStayRules(listingId: $id, input: $rules) { minNights }
          }`,
          { id: listingId, pricing: PRICING, rules: STAY_RULES },
        );
        const form = new FormData();
        form.append('file', await samplePhoto(), 'harbour.jpg');
        host.expect(await host.post(`/v1/listings/${listingId}/photos`, undefined, { form }), 201);
        const { publishListing } = await execute<{ publishListing: { status: string } }>(
          host,
          'mutation ($id: ID!) { publishListing(id: $id) { status } }',
          { id: listingId },
        );
        return publishListing.status;
      },
    },
    {
      name: 'GraphQL: the public finds it, and reads listing, host and calendar in one query',
      run: async (anonymous) => {
        interface Found {
          listings: {
            edges: {
              stay: { totalMinor: number };
              node: {
                id: string;
                address: unknown;
                host: { displayName: string; email: string | null } | null;
                calendar: { data: { available: boolean }[] } | null;
              };
            }[];
          };
        }
        const found = await executeUntil<Found>(
          anonymous,
          `query ($filter: ListingFilterInput!, $from: Date!, $to: Date!) {
            listings(filter: $filter, first: 10) {
              edges { stay { totalMinor } node {
                id title address { line1 }
                host { displayName email }
                calendar(from: $from, to: $to) { data { date available priceMinor } }
              } }
            }
          }`,
          {
            filter: { city: tour.city, checkIn: tour.date(80), checkOut: tour.date(84), guests: 3 },
            from: tour.date(80),
            to: tour.date(84),
          },
          // The calendar belongs to another service and may be briefly behind.
          ({ listings }) =>
            listings.edges.some(({ node }) => node.id === listingId && node.calendar !== null),
        );
        const edge = found.listings.edges.find(({ node }) => node.id === listingId);
        const { host, address, calendar } = edge?.node ?? {};
        const nights = calendar?.data.filter(({ available }) => available).length;
        if (address !== null || host?.email !== null || !host.displayName || nights !== 4)
          throw new Error(`not the public view: ${JSON.stringify(edge)}`);
        return `${nights} nights for ${formatMoney(edge?.stay.totalMinor ?? 0, 'EUR')}, hosted by ${host.displayName}`;
      },
    },
    {
      name: 'GraphQL: the guest creates a quote and books; the same key returns the same booking',
      run: async () => {
        const { guest } = tour;
        const { createQuote } = await execute<{ createQuote: { id: string; totalMinor: number } }>(
          guest,
          'mutation ($input: CreateQuoteInput!) { createQuote(input: $input) { id totalMinor listing { title } } }',
          { input: { listingId, checkInDate: tour.date(80), checkOutDate: tour.date(84), guests: GUESTS } },
        );
        const key = { 'Idempotency-Key': `tour-graph-${tour.run}` };
        const book = () =>
          operate<{ createBooking: { id: string; state: string } }>(
            guest,
            'mutation ($quote: ID!) { createBooking(input: { quoteId: $quote, message: null }) { id state } }',
            { quote: createQuote.id },
            key,
          );
        const [first, again] = [await book(), await book()];
        bookingId = first.body.data?.createBooking.id ?? '';
        if (!bookingId || again.body.data?.createBooking.id !== bookingId)
          throw guest.wrong('one key, one booking', again);
        return `booking ${bookingId}`;
      },
    },
    {
      name: 'GraphQL: the guest pays, and one query shows booking, listing, host, guest and payment',
      run: async () => {
        const { guest } = tour;
        const due = await executeUntil<{ booking: { payment: { id: string } | null } }>(
          guest,
          'query ($id: ID!) { booking(id: $id) { payment { id status amountMinor } } }',
          { id: bookingId },
          ({ booking }) => booking.payment !== null,
        );
        const pay = (method: string) =>
          operate(
            guest,
            'mutation ($id: ID!, $method: String!) { confirmPayment(id: $id, input: { paymentMethod: $method }) { status } }',
            { id: due.booking.payment?.id, method },
          );
        expectError(guest, await pay('pm_card_chargeDeclined'), 'payment.declined');
        const paid = await pay('pm_card_visa');
        if (paid.body.errors) throw guest.wrong('a valid card pays', paid);
        const all = await executeUntil<{
          booking: { state: string; listing: { title: string }; payment: { status: string } };
        }>(
          guest,
          `query ($id: ID!) { booking(id: $id) {
            state history { event }
            listing { title host { displayName } }
            guest { id displayName }
            payment { status amountMinor currency }
          } }`,
          { id: bookingId },
          ({ booking }) => booking.state === 'confirmed' && booking.payment.status === 'captured',
        );
        return `${all.booking.listing.title}: ${all.booking.state}, ${all.booking.payment.status}`;
      },
    },
    {
      name: 'GraphQL: other users, abuse and cancelling have the same results as the routes',
      run: async (anonymous) => {
        const { guest, rival } = tour;
        const read = 'query ($id: ID!) { booking(id: $id) { id payment { id } } }';
        expectError(rival, await operate(rival, read, { id: bookingId }), 'booking.not_found');
        expectError(anonymous, await operate(anonymous, read, { id: bookingId }), 'auth.missing_token');
        const deep = `{ listing(id: "x") ${'{ host { listings { edges { node '.repeat(12)}{ id }${' } } } }'.repeat(12)} }`;
        anonymous.expect(await operate(anonymous, deep), 400);
        const cancelled = await execute<{
          cancelBooking: { state: string; cancellation: { refundMinor: number } };
        }>(
          guest,
          'mutation ($id: ID!) { cancelBooking(id: $id, reason: "Plans changed") { state cancellation { refundMinor } } }',
          { id: bookingId },
        );
        expectError(
          guest,
          await operate(guest, 'mutation ($id: ID!) { cancelBooking(id: $id, reason: "Again") { id } }', {
            id: bookingId,
          }),
          'booking.transition_not_allowed',
        );
        return `${formatMoney(cancelled.cancelBooking.cancellation.refundMinor, 'EUR')} back`;
      },
    },
  ];
}
