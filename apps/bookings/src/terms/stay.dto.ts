import { IsoDate } from '@roost/http';
import { isRealDate } from '@roost/stay';

/** A calendar date of the property. */
export const StayDate = IsoDate.refine(isRealDate, { error: 'Must be a real date, YYYY-MM-DD' });
