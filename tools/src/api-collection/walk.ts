import { type Item, request } from './postman.js';

/** Requests of a guest, a host and an administrator of the demo data, and what each must bring. */

const PASSWORD = 'roost-demo-password';

const logIn = (role: string, email: string): Item =>
  request({
    name: `Log in as ${role}`,
    method: 'POST',
    path: '/v1/auth/login',
    body: { email, password: PASSWORD },
    status: 200,
    script: [`pm.collectionVariables.set('${role}Token', pm.response.json().accessToken);`],
  });

/** Stores a value of the response for later requests. */
const store = (name: string, expression: string) =>
  `pm.collectionVariables.set('${name}', pm.response.json().${expression});`;

/** From the demo accounts to a paid booking and the check of the books. Each run takes other nights. */
export const walk: readonly Item[] = [
  logIn('guest', 'guest1@demo.roost.example'),
  logIn('host', 'host1@demo.roost.example'),
  logIn('admin', 'admin@demo.roost.example'),
  request({
    name: 'Choose nights and search',
    method: 'GET',
    path: '/v1/listings/search',
    query: { city: 'Lisbon', guests: '2', checkIn: '{{checkIn}}', checkOut: '{{checkOut}}', limit: '1' },
    before: [
      'const day = (ahead) => new Date(Date.now() + ahead * 86400000).toISOString().slice(0, 10);',
      'const first = 60 + Math.floor(Math.random() * 200);',
      "pm.collectionVariables.set('checkIn', day(first));",
      "pm.collectionVariables.set('checkOut', day(first + 5));",
    ],
    status: 200,
    script: [store('listingId', 'data[0].id')],
  }),
  request({
    name: 'Read the listing',
    method: 'GET',
    path: '/v1/listings/{{listingId}}',
    status: 200,
    script: [store('hostId', 'hostId')],
  }),
  request({
    name: 'Quote',
    method: 'POST',
    path: '/v1/quotes',
    token: 'guestToken',
    body: {
      listingId: '{{listingId}}',
      checkInDate: '{{checkIn}}',
      checkOutDate: '{{checkOut}}',
      guests: { adults: 2, children: [], infants: 0, pets: 0 },
    },
    status: 201,
    script: [store('quoteId', 'id')],
  }),
  request({
    name: 'Book',
    method: 'POST',
    path: '/v1/bookings',
    token: 'guestToken',
    body: { quoteId: '{{quoteId}}' },
    status: 201,
    script: [store('bookingId', 'id')],
  }),
  request({
    name: 'Wait for the payment',
    method: 'GET',
    path: '/v1/bookings/{{bookingId}}/payment',
    token: 'guestToken',
    status: 200,
    repeatWhile: 'pm.response.code === 404',
    script: [store('paymentId', 'id')],
  }),
  request({
    name: 'Pay',
    method: 'POST',
    path: '/v1/payments/{{paymentId}}/confirm',
    token: 'guestToken',
    body: { paymentMethod: 'pm_card_visa' },
    status: 200,
  }),
  request({
    name: 'Wait until it is paid',
    method: 'GET',
    path: '/v1/payments/{{paymentId}}',
    token: 'guestToken',
    status: 200,
    repeatWhile: "!['authorized', 'captured'].includes(pm.response.json().status)",
  }),
  request({
    name: 'Find a listing of the host',
    method: 'GET',
    path: '/v1/me/listings',
    token: 'hostToken',
    status: 200,
    script: [store('hostListingId', 'data[0].id')],
  }),
  request({
    name: 'Create the export URL of its calendar',
    method: 'POST',
    path: '/v1/listings/{{hostListingId}}/calendar/export-url',
    token: 'hostToken',
    body: {},
    status: 201,
  }),
  request({
    name: 'Compare the books with the providers',
    method: 'POST',
    path: '/v1/admin/reconciliation/runs',
    token: 'adminToken',
    body: {},
    // 409: one is running.
    status: [202, 409],
  }),
  request({
    name: 'Wait until they are compared',
    method: 'GET',
    path: '/v1/admin/reconciliation/last',
    token: 'adminToken',
    status: 200,
    repeatWhile: 'pm.response.code === 404',
  }),
];
