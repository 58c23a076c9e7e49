import { hasVisibleText, Instant, INVISIBLE_TEXT, ONE_LINE, Uuid } from '@roost/http';
import { z } from 'zod';

export const CreateWishlist = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .regex(ONE_LINE, { error: 'Must not contain control characters' })
      .refine(hasVisibleText, INVISIBLE_TEXT),
  })
  .meta({ id: 'CreateWishlist' });
export type CreateWishlist = z.output<typeof CreateWishlist>;

export const WishlistView = z
  .object({ id: Uuid, name: z.string(), listingIds: z.array(Uuid), createdAt: Instant })
  .meta({ id: 'Wishlist' });
export type WishlistView = z.output<typeof WishlistView>;
