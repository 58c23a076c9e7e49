import { Instant } from '@roost/http';
import { z } from 'zod';
import { responseRate, shownResponseMinutes } from './domain/superhost.js';
import type { EvaluatedHost } from './host-figures.queries.js';

export const HostFigures = z
  .object({
    superhost: z.boolean(),
    responseRate: z.number().min(0).max(1).nullable().meta({
      description:
        'The share of enquiries and requests to book that the host answered within 24 hours. Null for fewer than five.',
    }),
    medianResponseMinutes: z.int().nullable().meta({
      description: 'The median time until the host answers. Null for fewer than five enquiries and requests.',
    }),
    completedStays: z.int(),
    evaluatedAt: Instant.nullable().meta({
      description:
        'Null for users without figures: they have hosted nothing yet, or are suspended or erased.',
    }),
  })
  .meta({
    id: 'HostFigures',
    description: 'What this user did as a host in the last 365 days, computed once a day.',
  });
export type HostFigures = z.output<typeof HostFigures>;

export function toHostFigures(host: EvaluatedHost | undefined): HostFigures {
  if (!host) {
    return {
      superhost: false,
      responseRate: null,
      medianResponseMinutes: null,
      completedStays: 0,
      evaluatedAt: null,
    };
  }
  return {
    superhost: host.superhost,
    responseRate: responseRate(host),
    medianResponseMinutes: shownResponseMinutes(host.responsesDue, host.medianResponseMinutes),
    completedStays: host.completedStays,
    evaluatedAt: host.evaluatedAt.toISOString(),
  };
}
