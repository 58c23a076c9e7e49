import { defineErrors, errorEntry } from './define.js';

/** The error codes of listings: listings, photos and wishlists; sorted. */
export const listingsErrors = defineErrors({
  'listing.archived': errorEntry(
    409,
    'The listing is archived',
    'An archived listing can be read but not changed.',
    'Create a new listing.',
  ),
  'listing.currency_fixed': errorEntry(
    409,
    'The currency can no longer be changed',
    'The currency of a listing is fixed once the listing has been published.',
    'Create a new listing with the other currency.',
  ),
  'listing.forbidden': errorEntry(
    403,
    'This listing belongs to another host',
    'Only the host of a listing can change it.',
    'Log in as the host of the listing.',
  ),
  'listing.incomplete': errorEntry(
    409,
    'The listing is not complete',
    'The listing lacks fields that are required for publishing. `missing` contains JSON pointers to them.',
    'Set the missing fields and publish the listing again.',
  ),
  'listing.is_own': errorEntry(
    409,
    'This is your own listing',
    'Hosts cannot book or enquire about their own listings.',
    'To reserve nights, block them in the calendar of the listing.',
  ),
  'listing.link_clash': errorEntry(
    409,
    'The listings cannot be linked',
    'Active bookings of the listings overlap, or one of the listings is already linked to another one.',
    'Resolve the overlap, or remove the other link first.',
  ),
  'listing.not_found': errorEntry(
    404,
    'No such listing',
    'No published listing with this id exists, or it is not yours.',
    'Check the id.',
  ),
  'listing.pricing_not_set': errorEntry(
    404,
    'The listing has no prices',
    'The host has not set the price rules of this listing.',
    'Set them with `PUT /v1/listings/{id}/pricing`.',
  ),
  'listing.wrong_state': errorEntry(
    409,
    'The listing is in a state that does not allow this',
    'The requested transition is not possible from the current status of the listing.',
    'Retrieve the listing again and choose a transition that its `status` allows.',
  ),
  'photo.invalid': errorEntry(
    422,
    'This file is not a supported photo',
    'The file is damaged, has too many pixels, or its content is not JPEG, PNG, WebP or AVIF.',
    'Save the photo in one of these formats and upload it again.',
  ),
  'photo.limit_reached': errorEntry(
    409,
    'The listing has the maximum number of photos',
    'The number of photos per listing is limited.',
    'Delete a photo first.',
  ),
  'photo.not_found': errorEntry(
    404,
    'No such photo',
    'No photo with this id exists, or you cannot change it.',
    'Retrieve the listing again and use the photo ids that it contains.',
  ),
  'wishlist.limit_reached': errorEntry(
    409,
    'The wishlist limit is reached',
    'The number of wishlists per user and the number of listings per wishlist are limited.',
    'Remove a wishlist or a listing first.',
  ),
  'wishlist.not_found': errorEntry(
    404,
    'No such wishlist',
    'No wishlist with this id exists, or it is not yours.',
    'List your wishlists with `GET /v1/me/wishlists`.',
  ),
});
