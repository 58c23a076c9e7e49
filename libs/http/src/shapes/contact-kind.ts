import { CONTACT_KINDS } from '@roost/contacts';
import { z } from 'zod';

/** A kind of contact details that is masked in a text. */
export const ContactKindName = z.enum(CONTACT_KINDS).meta({ id: 'ContactKind' });
