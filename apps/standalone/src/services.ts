import type { ServiceDefinition } from '@roost/service';
import type { Service } from './config.js';

/** Loads the code of a service. A start of some services does not load the others. */
export const definitions: Record<Service, () => Promise<ServiceDefinition>> = {
  identity: async () => (await import('@roost/app-identity')).identity,
  listings: async () => (await import('@roost/app-listings')).listings,
  bookings: async () => (await import('@roost/app-bookings')).bookings,
  payments: async () => (await import('@roost/app-payments')).payments,
  reviews: async () => (await import('@roost/app-reviews')).reviews,
  gateway: async () => (await import('@roost/app-gateway')).gateway,
};
