/** The kinds of contact details with which users could bypass the marketplace. */
export const CONTACT_KINDS = ['mail', 'phone', 'link', 'handle', 'bank_account'] as const;
export type ContactKind = (typeof CONTACT_KINDS)[number];

/** Contact details at the characters `[start, end)` of a text. */
export interface Contact {
  kind: ContactKind;
  start: number;
  end: number;
}
