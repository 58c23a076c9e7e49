import { defineErrors, errorEntry } from './define.js';

/** The error codes of reviews; sorted. */
export const reviewsErrors = defineErrors({
  'review.already_published': errorEntry(
    409,
    'The review is already published',
    'A review can be edited until it is published: when both sides have written a review, or when the review period ends.',
    'A published review can no longer be changed. Report it if it should be removed.',
  ),
  'review.already_replied': errorEntry(
    409,
    'The review already has a reply',
    'The reviewed user can reply once, and has replied.',
    'Retrieve the review again. `reply` contains the reply.',
  ),
  'review.already_written': errorEntry(
    409,
    'You have already reviewed this stay',
    'Each side can write one review of a stay.',
    'Until it is published, change your review with `PATCH /v1/reviews/{id}`. `GET /v1/bookings/{id}/reviews` returns its id.',
  ),
  'review.not_eligible': errorEntry(
    409,
    'This stay cannot be reviewed',
    'A stay can be reviewed once it is completed, or if the host cancelled it on or after the check-in date.',
    'Wait for the check-out. Shortly after it, `GET /v1/me/reviews/pending` contains the stay.',
  ),
  'review.not_found': errorEntry(
    404,
    'No such review',
    'No published review with this id exists, or you cannot perform this action on it.',
    'Check the id, and that you are logged in as the author of the review or as the reviewed user.',
  ),
  'review.reply_window_closed': errorEntry(
    409,
    'The reply period has ended',
    'A review can be replied to within 30 days of its publication.',
    'A reply is no longer possible.',
  ),
  'review.report_not_found': errorEntry(
    404,
    'No such open report',
    'No report with this id exists, or it is already closed.',
    'List the open reports with `GET /v1/admin/review-reports`.',
  ),
  'review.window_closed': errorEntry(
    409,
    'The review period has ended',
    'A stay can be reviewed within 14 days of check-out.',
    'A review is no longer possible. `GET /v1/me/reviews/pending` contains the end of the review period of your other stays.',
  ),
  'review.wrong_state': errorEntry(
    409,
    'The review is in a state that does not allow this',
    'A hidden review cannot be hidden again, and a review that is not hidden cannot be restored.',
    'Retrieve the review again. `hidden` is its current state.',
  ),
});
