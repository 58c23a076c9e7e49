import type { Guests } from '@roost/pricing';
import type { IsoDate } from '@roost/stay';

/** The part of a stay that a guest chooses. */
export interface RequestedStay {
  checkInDate: IsoDate;
  checkOutDate: IsoDate;
  guests: Guests;
}
