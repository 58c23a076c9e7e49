import {
  ContactKindName,
  hasHiddenCharacters,
  hasVisibleText,
  Instant,
  INVISIBLE_TEXT,
  PlainText,
  Uuid,
} from '@roost/http';
import { z } from 'zod';

export const MAX_DISPLAY_NAME = 80;
const MAX_BIO = 1_000;
const MAX_LANGUAGES = 10;

/**
 * One line of text without control characters, without characters that change the writing direction, and without other
 * invisible characters: two names that look the same are the same.
 */
export const DisplayName = z
  .string()
  .normalize('NFC')
  .overwrite((name) => name.replace(/\p{Zs}+/gu, ' '))
  .trim()
  .min(1, { error: 'Must have at least 1 character' })
  .max(MAX_DISPLAY_NAME, { error: `Must have at most ${MAX_DISPLAY_NAME} characters` })
  .regex(/^[^\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]*$/u, {
    error: 'Must be one line of plain text',
  })
  .refine(hasVisibleText, INVISIBLE_TEXT)
  .refine((name) => !hasHiddenCharacters(name), { error: 'Must not have invisible characters' });

export const Locale = z
  .string()
  .max(20, { error: 'Must be a language tag, such as en or pt-BR' })
  .regex(/^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$/, {
    error: 'Must be a language tag, such as en or pt-BR',
  });

const Languages = z
  .array(Locale)
  .max(MAX_LANGUAGES, { error: `Must have at most ${MAX_LANGUAGES} languages` })
  .refine((tags) => new Set(tags).size === tags.length, { error: 'Must not contain a language twice' });

export const UpdateMe = z
  .strictObject({
    displayName: DisplayName.optional(),
    locale: Locale.optional(),
    bio: PlainText(MAX_BIO).optional().meta({
      description: 'Plain text about you. Your public profile shows it without contact details.',
    }),
    languages: Languages.optional().meta({
      description: 'The languages that you speak, as language tags, the preferred one first.',
    }),
  })
  .meta({ id: 'UpdateMe' });
export type UpdateMe = z.output<typeof UpdateMe>;

const AvatarUrl = z.string().nullable().meta({
  description: 'A WebP of 512 × 512 pixels. Each upload has a new URL, whose content never changes.',
});

export const Me = z
  .object({
    id: Uuid,
    email: z.string(),
    displayName: z.string(),
    avatarUrl: AvatarUrl,
    locale: z.string(),
    bio: z.string(),
    hiddenInBio: z
      .array(ContactKindName)
      .meta({ description: 'The kinds of contact details of the text that the public profile masks' }),
    languages: z.array(z.string()),
    roles: z.array(z.enum(['guest', 'host', 'admin'])),
    isHost: z.boolean(),
    emailVerified: z.boolean(),
    phone: z.string().nullable().meta({ description: 'Your verified phone number in E.164' }),
    phoneVerified: z.boolean(),
    mfaEnabled: z.boolean(),
    createdAt: Instant,
  })
  .meta({ id: 'Me' });
export type Me = z.output<typeof Me>;

export const PublicProfile = z
  .object({
    id: Uuid,
    displayName: z.string(),
    avatarUrl: AvatarUrl,
    bio: z.string().meta({ description: 'Plain text, with masked contact details; empty if there is none' }),
    languages: z.array(z.string()).meta({ description: 'Language tags, the preferred language first' }),
    isHost: z.boolean(),
    phoneVerified: z.boolean().meta({ description: 'Whether the user has verified a phone number' }),
    createdAt: Instant,
  })
  .meta({ id: 'PublicProfile', description: 'The public profile of a user' });
export type PublicProfile = z.output<typeof PublicProfile>;
