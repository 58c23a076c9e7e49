export * from './contact-masking.js';
export { normalizeText } from './normalized-text.js';
export { CONTACT_KINDS, type ContactKind } from './contact.js';
