import { defineErrors, errorEntry } from './define.js';

/** The error codes of reviews; sorted. */
export const reviewsErrors = defineErrors({
  'review.already_published': errorEntry(
    409,
    'The review is published',
    'A review can be edited until it appears: when the other side has written, too, or when the time to review is over.',
    'Nothing can be changed any more; report the review if it has to go.',
  ),
  'review.already_replied': errorEntry(
    409,
    'The review has an answer',
    'Who was reviewed answers once, and has.',
    'Read the review again: `reply` holds the answer.',
  ),
  'review.already_written': errorEntry(
    409,
    'You have reviewed this stay',
    'Each side writes one review of a stay, and yours is there.',
    'Change it with `PATCH /v1/reviews/{id}` as long as it is not published; `GET /v1/bookings/{id}/reviews` has its id.',
  ),
  'review.not_eligible': errorEntry(
    409,
    'This stay can not be reviewed',
    'Only a stay that is completed, or that its host cancelled on or after the day of check-in, can be reviewed.',
    'Wait for the check-out; a moment later the stay is among `GET /v1/me/reviews/pending`.',
  ),
  'review.not_found': errorEntry(
    404,
    'No such review',
    'There is no published review with this id, or what was asked for is not yours to do.',
    'Check the id, and that you are signed in as its author, or as who was reviewed.',
  ),
  'review.reply_window_closed': errorEntry(
    409,
    'The time to answer is over',
    'A review can be answered within 30 days of its publication.',
    'Nothing can be done any more.',
  ),
  'review.report_not_found': errorEntry(
    404,
    'No such open report',
    'There is no report with this id, or it has been closed.',
    'List the open ones with `GET /v1/admin/review-reports`.',
  ),
  'review.window_closed': errorEntry(
    409,
    'The time to review is over',
    'A stay can be reviewed within 14 days of check-out.',
    'Nothing can be done any more; `GET /v1/me/reviews/pending` says until when the other stays can be reviewed.',
  ),
  'review.wrong_state': errorEntry(
    409,
    'The review is not in a state that allows this',
    'A hidden review can not be hidden again, and one that is not hidden can not be restored.',
    'Read the review again: `hidden` says how it stands.',
  ),
});
