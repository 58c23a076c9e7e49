import { Email } from '@roost/http';
import { z } from 'zod';

export const InboxQuery = z.strictObject({ to: Email.optional() });
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

export interface InboxMail {
  id: string;
  to: string;
  template: string;
  subject: string;
  text: string;
  html: string;
  token: string | null;
  sentAt: string | null;
}
