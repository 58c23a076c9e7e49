import { hasVisibleText, Instant, INVISIBLE_TEXT, ONE_LINE, Page, PageQuery, Uuid } from '@roost/http';
import { z } from 'zod';
import { ListingView } from '../listing/listing.dto.js';

const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(ONE_LINE, { error: 'Must not contain control characters' })
  .refine(hasVisibleText, INVISIBLE_TEXT);

export const CreateWishlist = z.strictObject({ name }).meta({ id: 'CreateWishlist' });
export type CreateWishlist = z.output<typeof CreateWishlist>;

export const EditWishlist = z.strictObject({ name: name.optional() }).meta({ id: 'EditWishlist' });
export type EditWishlist = z.output<typeof EditWishlist>;

export const WishlistView = z
  .object({
    id: Uuid,
    name: z.string(),
    listingIds: z.array(Uuid),
    shared: z.boolean().meta({ description: 'Whether a share URL exists.' }),
    createdAt: Instant,
  })
  .meta({ id: 'Wishlist' });
export type WishlistView = z.output<typeof WishlistView>;

export const WishlistItem = z
  .object({
    listingId: Uuid,
    addedAt: Instant,
    listing: ListingView.nullable().meta({
      description: 'Null if you may not see it, such as while it is paused.',
    }),
  })
  .meta({ id: 'WishlistItem' });
export type WishlistItem = z.output<typeof WishlistItem>;

export const WishlistItemsQuery = z.strictObject(PageQuery);
export type WishlistItemsQuery = z.output<typeof WishlistItemsQuery>;
export const WishlistItemPage = Page(WishlistItem);
export type WishlistItemPage = z.output<typeof WishlistItemPage>;

export const ShareUrl = z
  .object({
    url: z.url().meta({
      description:
        'Shown only once. Anyone with this URL can read the wishlist; the previous URL is revoked. The last part of the path is the token for a page of your own.',
    }),
  })
  .meta({ id: 'WishlistShareUrl' });
export type ShareUrl = z.output<typeof ShareUrl>;

export const ShareToken = z.string().max(200);

/** What a reader without an account sees; not whose wishlist it is. */
export const SharedWishlist = z
  .object({
    name: z.string().meta({ description: 'Contact details are masked.' }),
    listingCount: z.int(),
    createdAt: Instant,
  })
  .meta({ id: 'SharedWishlist' });
export type SharedWishlist = z.output<typeof SharedWishlist>;
