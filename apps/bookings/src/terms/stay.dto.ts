import { IsoDate } from '@roost/http';
import { isRealDate } from '@roost/stay';
import { z } from 'zod';

/** A calendar date of the property. */
export const StayDate = IsoDate.refine(isRealDate, { error: 'Must be a real date, YYYY-MM-DD' });

const control = /(?![\n\t])\p{Cc}/u;

/** What a person wrote: lines of text, nothing that only machines read. */
export const PlainText = (max: number) =>
  z
    .string()
    .trim()
    .max(max, { error: `Must have at most ${max} characters` })
    .refine((text) => !control.test(text), { error: 'Must not hold control characters' });
