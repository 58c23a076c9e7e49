import { Email } from '@roost/http';
import { z } from 'zod';
import { PhoneNumber } from '../phone/phone-number.js';

export const InboxQuery = z.strictObject({ to: z.union([Email, PhoneNumber]).optional() });
export type InboxQuery = z.output<typeof InboxQuery>;

export const CreateDevUser = z
  .strictObject({
    roles: z
      .array(z.enum(['guest', 'host', 'admin']))
      .max(3)
      .default([]),
    emailVerified: z.boolean().default(true),
  })
  .default({ roles: [], emailVerified: true });
export type CreateDevUser = z.output<typeof CreateDevUser>;

export interface DevUser {
  id: string;
  email: string;
  password: string;
  accessToken: string;
  refreshToken: string;
}

/** A mail, or a text message: its `html` is empty. */
export interface InboxMail {
  id: string;
  /** A mail address or a phone number. */
  to: string;
  template: string;
  subject: string;
  text: string;
  html: string;
  token: string | null;
  sentAt: string | null;
}
