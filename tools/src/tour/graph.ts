import { formatMoney } from '@roost/money';
import { setTimeout as pause } from 'node:timers/promises';
import type { Answer, Client } from './client.js';
import type { Step } from './journey.js';
import { aListing, aPhoto, GUESTS, PRICING, STAY_RULES, type World } from './world.js';

interface Refusal {
  message: string;
  extensions: { code: string };
}

interface Reply<T> {
  data: T | null;
  errors?: Refusal[];
}

/** One operation as a client sends it. A refused field is in the reply, so its status is 200 all the same. */
const operate = <T>(
  who: Client,
  query: string,
  variables: object = {},
  headers: Record<string, string> = {},
) => who.post<Reply<T>>('/graphql', { query, variables }, { headers });

/** The data of an operation that must go well. */
async function ask<T>(who: Client, query: string, variables: object = {}): Promise<T> {
  const answer = await operate<T>(who, query, variables);
  who.expect(answer, 200);
  if (answer.body.errors || !answer.body.data) throw who.wrong('an operation without errors', answer);
  return answer.body.data;
}

async function askUntil<T>(
  who: Client,
  query: string,
  variables: object,
  done: (data: T) => boolean,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    const answer = await operate<T>(who, query, variables);
    if (answer.body.data && !answer.body.errors && done(answer.body.data)) return answer.body.data;
    if (tries > 150) throw who.wrong('this never became what it should', answer);
    await pause(100);
  }
}

function refused(who: Client, answer: Answer<Reply<unknown>>, code: string): void {
  if (answer.body.errors?.[0]?.extensions.code !== code) throw who.wrong(`expected the code ${code}`, answer);
}

/** The journey of a booking once more, by one graph instead of routes. */
export function graphJourney(world: World): Step[] {
  let listingId: string;
  let bookingId: string;
  return [
    {
      name: 'GraphQL: the host lists a house with mutations (the photo goes over REST) and publishes it',
      run: async () => {
        const { host } = world;
        const created = await ask<{ createListing: { id: string; missing: string[] } }>(
          host,
          'mutation ($input: CreateListingInput!) { createListing(input: $input) { id status missing } }',
          { input: { ...aListing(world, 'instant'), title: 'The house that the graph let' } },
        );
        listingId = created.createListing.id;
        refused(
          host,
          await operate(host, 'mutation ($id: ID!) { publishListing(id: $id) { id } }', { id: listingId }),
          'listing.incomplete',
        );
        await ask(
          host,
          `mutation ($id: ID!, $pricing: PriceRulesInput!, $rules: StayRulesInput!) {
            setPricing(listingId: $id, input: $pricing) { basePriceMinor }
            setStayRules(listingId: $id, input: $rules) { minNights }
          }`,
          { id: listingId, pricing: PRICING, rules: STAY_RULES },
        );
        const form = new FormData();
        form.append('file', await aPhoto(), 'harbour.jpg');
        host.expect(await host.post(`/v1/listings/${listingId}/photos`, undefined, { form }), 201);
        const { publishListing } = await ask<{ publishListing: { status: string } }>(
          host,
          'mutation ($id: ID!) { publishListing(id: $id) { status } }',
          { id: listingId },
        );
        return publishListing.status;
      },
    },
    {
      name: 'GraphQL: anyone finds it, and reads listing, host and calendar in one query',
      run: async (anyone) => {
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
        const found = await askUntil<Found>(
          anyone,
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
            filter: { city: world.city, checkIn: world.date(80), checkOut: world.date(84), guests: 3 },
            from: world.date(80),
            to: world.date(84),
          },
          // Its calendar is another service's and may be a moment behind.
          ({ listings }) =>
            listings.edges.some(({ node }) => node.id === listingId && node.calendar !== null),
        );
        const edge = found.listings.edges.find(({ node }) => node.id === listingId);
        const { host, address, calendar } = edge?.node ?? {};
        const nights = calendar?.data.filter(({ available }) => available).length;
        if (address !== null || host?.email !== null || !host.displayName || nights !== 4)
          throw new Error(`not what a stranger may see: ${JSON.stringify(edge)}`);
        return `${nights} nights for ${formatMoney(edge?.stay.totalMinor ?? 0, 'EUR')}, let by ${host.displayName}`;
      },
    },
    {
      name: 'GraphQL: the guest asks for a quote and books; the same key gives the same booking',
      run: async () => {
        const { guest } = world;
        const { createQuote } = await ask<{ createQuote: { id: string; totalMinor: number } }>(
          guest,
          'mutation ($input: CreateQuoteInput!) { createQuote(input: $input) { id totalMinor listing { title } } }',
          { input: { listingId, checkInDate: world.date(80), checkOutDate: world.date(84), guests: GUESTS } },
        );
        const key = { 'Idempotency-Key': `tour-graph-${world.run}` };
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
        const { guest } = world;
        const due = await askUntil<{ booking: { payment: { id: string } | null } }>(
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
        refused(guest, await pay('pm_card_chargeDeclined'), 'payment.declined');
        const paid = await pay('pm_card_visa');
        if (paid.body.errors) throw guest.wrong('a good card pays', paid);
        const all = await askUntil<{
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
      name: 'GraphQL: strangers, abuse and cancelling get the answers of the routes',
      run: async (anyone) => {
        const { guest, rival } = world;
        const read = 'query ($id: ID!) { booking(id: $id) { id payment { id } } }';
        refused(rival, await operate(rival, read, { id: bookingId }), 'booking.not_found');
        refused(anyone, await operate(anyone, read, { id: bookingId }), 'auth.missing_token');
        const deep = `{ listing(id: "x") ${'{ host { listings { edges { node '.repeat(12)}{ id }${' } } } }'.repeat(12)} }`;
        anyone.expect(await operate(anyone, deep), 400);
        const cancelled = await ask<{
          cancelBooking: { state: string; cancellation: { refundMinor: number } };
        }>(
          guest,
          'mutation ($id: ID!) { cancelBooking(id: $id, reason: "Plans changed") { state cancellation { refundMinor } } }',
          { id: bookingId },
        );
        refused(
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
