import { bookingsErrors } from './bookings.js';
import { identityErrors } from './identity.js';
import { listingsErrors } from './listings.js';
import { paymentsErrors } from './payments.js';
import { reviewsErrors } from './reviews.js';

/** The error codes of all services. A new code is added to the file of its service and to no other. */
export const serviceErrors = {
  ...bookingsErrors,
  ...identityErrors,
  ...listingsErrors,
  ...paymentsErrors,
  ...reviewsErrors,
};
