import { existsSync, readFileSync } from 'node:fs';
import { addDays, localInstant } from '@roost/stay';
import type { BookedStay, CancellationPolicy } from './booked-stay.js';
import { guestCancel } from './cancellation.js';
import { refundAt, refundSchedule } from './refund-schedule.js';

const file = new URL('../../../../../../shared/data/golden/cancellation-cases.csv', import.meta.url);

type Row = Record<string, string>;

function rowsOf(csv: string): Row[] {
  const [head = '', ...lines] = csv.trim().split(/\r?\n/);
  const names = head.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, column) => [name, cells[column] ?? '']));
  });
}

function stayOf(row: Row): BookedStay {
  const nightly = (row.nightlyMinor ?? '').split('|').map(Number);
  const [timeZone = '', checkInDate = '', checkInFrom = ''] = [
    row.timeZone,
    row.checkInDate,
    row.checkInFrom,
  ];
  const checkOutDate = addDays(checkInDate, nightly.length);
  return {
    cancellationPolicy: row.policy as CancellationPolicy,
    timeZone,
    checkInDate,
    checkOutDate,
    checkInFrom,
    checkInAt: localInstant(checkInDate, checkInFrom, timeZone),
    checkOutAt: localInstant(checkOutDate, '11:00', timeZone),
    currency: 'USD',
    price: {
      nights: nightly.map((amountMinor) => ({ amountMinor })),
      extraGuestMinor: 0,
      cleaningMinor: Number(row.cleaningMinor),
      serviceFeeMinor: Number(row.serviceFeeMinor),
      taxes: [
        { kind: 'percent', amountMinor: Number(row.percentTaxMinor) },
        { kind: 'per_night', amountMinor: Number(row.perNightTaxMinor) },
        { kind: 'per_guest', amountMinor: Number(row.perGuestTaxMinor) },
      ],
      hostFeeBps: 300,
    },
  };
}

if (existsSync(file)) {
  const cases = rowsOf(readFileSync(file, 'utf8')).map((row) => [row.id ?? '', row] as const);

  describe('worked cancellations', () => {
    it('are at least 45', () => expect(cases.length).toBeGreaterThanOrEqual(45));

    it.each(cases)('case %s', (_, row) => {
      const stay = stayOf(row);
      expect(stay.price.nights).toHaveLength(Number(row.nights));
      const [confirmedAt, at] = [new Date(row.confirmedAt ?? ''), new Date(row.cancelledAt ?? '')];
      const refund = guestCancel(stay, confirmedAt, at);
      const refundOf = (kind: string) => refund.lines.find((line) => line.kind === kind)?.refundMinor ?? 0;
      expect({
        nightsStayed: refund.nightsStayed,
        keptNightsMinor: refund.keptNightsMinor,
        refundNightsMinor: refund.refundNightsMinor,
        refundCleaningMinor: refundOf('cleaning'),
        refundServiceFeeMinor: refundOf('service_fee'),
        refundTaxMinor: refundOf('tax'),
        refundTotalMinor: refund.refundMinor,
      }).toEqual({
        nightsStayed: Number(row.nightsStayed),
        keptNightsMinor: Number(row.keptNightsMinor),
        refundNightsMinor: Number(row.refundNightsMinor),
        refundCleaningMinor: Number(row.refundCleaningMinor),
        refundServiceFeeMinor: Number(row.refundServiceFeeMinor),
        refundTaxMinor: Number(row.refundTaxMinor),
        refundTotalMinor: Number(row.refundTotalMinor),
      });
      expect(refundAt(refundSchedule(stay, confirmedAt), at)).toBe(Number(row.refundTotalMinor));
    });
  });
} else {
  describe('worked cancellations', () => {
    it.skip('skipped: ../shared/data/golden/cancellation-cases.csv does not exist', () => undefined);
  });
}
