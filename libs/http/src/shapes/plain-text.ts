import { z } from 'zod';
import { hasVisibleText, INVISIBLE_TEXT, LINES } from './visible-text.js';

/** Text that a user writes: lines without control characters, trimmed; empty, or with a visible character. */
export const PlainText = (max: number) =>
  z
    .string()
    .trim()
    .max(max, { error: `Must have at most ${max} characters` })
    .regex(LINES, { error: 'Must not contain control characters' })
    .refine(hasVisibleText, INVISIBLE_TEXT);

/** `PlainText` that must not be empty. */
export const RequiredText = (max: number) => PlainText(max).min(1, { error: 'Must not be empty' });
