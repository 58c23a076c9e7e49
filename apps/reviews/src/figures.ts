import type { EventFigures } from '@roost/messaging';
import type { Metrics } from '@roost/platform';

/** The figures of reviews, counted by the events of committed transactions. */
export function reviewFigures(metrics: Metrics): EventFigures {
  const reviews = metrics.counter(
    'roost_reviews_total',
    'Steps of reviews (published, hidden, restored, replied, reply-hidden), by direction',
    ['step', 'direction'],
  );
  const count =
    (step: string) =>
    ({ direction }: { direction: string }) =>
      reviews.inc({ step, direction });
  return {
    'review.published': count('published'),
    'review.hidden': count('hidden'),
    'review.restored': count('restored'),
    'review.replied': count('replied'),
    'review.reply-hidden': count('reply-hidden'),
  };
}
