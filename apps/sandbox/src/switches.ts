import { z } from 'zod';

const share = z.number().min(0).max(1);

/** How webhooks are delivered. The defaults are those of a reliable provider. */
export const Switches = z.strictObject({
  webhookUrl: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
  /** The share of webhooks that are never sent. */
  drop: share.default(0),
  /** The maximum number of copies of a webhook: each one is sent 1 to n times. */
  copies: z.int().min(1).max(10).default(1),
  delayMs: z.int().min(0).max(600_000).default(0),
  /** Each webhook is delayed by a random time up to this, so that webhooks overtake each other. */
  shuffleMs: z.int().min(0).max(600_000).default(0),
});
export type Switches = z.output<typeof Switches>;
