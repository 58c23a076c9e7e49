import { z } from 'zod';

const CONTROL_CHARACTER = /(?![\n\t])\p{Cc}/u;

/** Text that a user writes: lines without control characters, trimmed. */
export const PlainText = (max: number) =>
  z
    .string()
    .trim()
    .max(max, { error: `Must have at most ${max} characters` })
    .refine((text) => !CONTROL_CHARACTER.test(text), { error: 'Must not contain control characters' });
