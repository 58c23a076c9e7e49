import { escapeHtml, framed } from '../mail/mail.frame.js';
import type { MailText } from '../mail/mail.templates.js';
import type { Language, Letter } from './language/language.js';

const LABEL = 'padding:6px 16px 6px 0;color:#6b625a;text-align:left;vertical-align:top;font-weight:normal';
const VALUE = 'padding:6px 0;vertical-align:top;overflow-wrap:anywhere';

/** A letter as a mail in text and in HTML. */
export function layOut(
  letter: Letter,
  reader: { displayName: string },
  language: Language,
  optional: boolean,
): MailText {
  const greeting = language.greeting(reader.displayName);
  const last = optional ? [language.mutable] : [];
  const subject = oneLine(letter.subject);
  const width = Math.max(0, ...letter.details.map(([label]) => label.length)) + 2;
  const text = [
    greeting,
    ...letter.paragraphs,
    ...(letter.details.length > 0
      ? [letter.details.map(([label, value]) => `${`${label}:`.padEnd(width)}${oneLine(value)}`).join('\n')]
      : []),
    ...letter.closing,
    language.signature,
    ...last,
  ];
  const paragraph = (line: string) => `<p>${escapeHtml(line)}</p>`;
  const html = framed(subject, language.tag, [
    ...[greeting, ...letter.paragraphs].map(paragraph),
    ...(letter.details.length > 0 ? [table(letter.details)] : []),
    ...letter.closing.map(paragraph),
    paragraph(language.signature),
    ...last.map((line) => `<p style="color:#6b625a;font-size:13px">${escapeHtml(line)}</p>`),
  ]);
  return { subject, text: `${text.join('\n\n')}\n`, html };
}

function table(details: Letter['details']): string {
  const rows = details.map(
    ([label, value]) =>
      `<tr><th scope="row" style="${LABEL}">${escapeHtml(label)}</th><td style="${VALUE}">${escapeHtml(value)}</td></tr>`,
  );
  return `<table style="border-collapse:collapse;margin:8px 0 16px">${rows.join('')}</table>`;
}

const oneLine = (text: string) => text.replace(/\s+/gu, ' ').trim();
