export * from './contact-masking.js';
export { CONTACT_KINDS, type ContactKind } from './contact.js';
