import { defineErrors, errorEntry } from './define.js';

/** The error codes of listings: listings, photos and wishlists; sorted. */
export const listingsErrors = defineErrors({
  'listing.archived': errorEntry(
    409,
    'The listing is archived',
    'An archived listing keeps its history and takes no more changes.',
    'Create a new listing.',
  ),
  'listing.currency_fixed': errorEntry(
    409,
    'The currency can not change any more',
    'The currency of a listing is fixed once it has been published.',
    'Create another listing in the other currency.',
  ),
  'listing.forbidden': errorEntry(
    403,
    'This listing belongs to another host',
    'Only its host may change a listing.',
    'Sign in as the host of the listing.',
  ),
  'listing.incomplete': errorEntry(
    409,
    'The listing is not complete',
    'Something that publishing needs is missing; `missing` lists JSON pointers to it.',
    'Fill in what is missing and publish again.',
  ),
  'listing.is_own': errorEntry(
    409,
    'This listing is your own',
    'A host neither books nor asks about a listing of theirs.',
    'Block the nights in the calendar of the listing instead.',
  ),
  'listing.link_clash': errorEntry(
    409,
    'The listings can not be linked',
    'Live bookings of the listings overlap, or one of them is linked elsewhere.',
    'Solve the overlap first, or remove the other link.',
  ),
  'listing.not_found': errorEntry(
    404,
    'No such listing',
    'There is no published listing with this id, or it is not yours.',
    'Check the id.',
  ),
  'listing.pricing_not_set': errorEntry(
    404,
    'The listing has no prices yet',
    'The host has not set the price rules of this listing.',
    'Set them with `PUT /v1/listings/{id}/pricing`.',
  ),
  'listing.wrong_state': errorEntry(
    409,
    'The listing is not in a state that allows this',
    'The listing has moved on: the transition asked for does not start from its present status.',
    'Read the listing again and decide on its present `status`.',
  ),
  'photo.invalid': errorEntry(
    422,
    'This file is not a photo that can be used',
    'The file is damaged, is no JPEG, PNG, WebP or AVIF whatever its name says, or has too many pixels.',
    'Save the photo again in one of these formats and upload that.',
  ),
  'photo.limit_reached': errorEntry(
    409,
    'The listing has as many photos as it can have',
    'There is a limit to the photos of one listing.',
    'Delete a photo first.',
  ),
  'photo.not_found': errorEntry(
    404,
    'No such photo',
    'There is no photo with this id, or it is not yours to change.',
    'Read the listing again and use the ids that it shows.',
  ),
  'wishlist.limit_reached': errorEntry(
    409,
    'There is no room for more',
    'There is a limit to the wishlists of one user and to the listings of one wishlist.',
    'Remove one that is no longer wanted first.',
  ),
  'wishlist.not_found': errorEntry(
    404,
    'No such wishlist',
    'There is no wishlist with this id, or it is not yours.',
    'List yours with `GET /v1/me/wishlists`.',
  ),
});
