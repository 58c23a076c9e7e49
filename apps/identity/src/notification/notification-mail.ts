import { escapeHtml, htmlPage, type MailContent } from '../mail/mail-content.js';
import type { Language, MailDraft } from './language/language.js';

const LABEL = 'padding:6px 16px 6px 0;color:#6b625a;text-align:left;vertical-align:top;font-weight:normal';
const VALUE = 'padding:6px 0;vertical-align:top;overflow-wrap:anywhere';

/** Renders a draft as text and as HTML. An optional mail ends with a hint how to turn it off. */
export function renderNotificationMail(
  draft: MailDraft,
  recipient: { displayName: string },
  language: Language,
  optional: boolean,
): MailContent {
  const greeting = language.greeting(recipient.displayName);
  const footer = optional ? [language.optOutHint] : [];
  const subject = oneLine(draft.subject);
  const width = Math.max(0, ...draft.details.map(([label]) => label.length)) + 2;
  const text = [
    greeting,
    ...draft.paragraphs,
    ...(draft.details.length > 0
      ? [draft.details.map(([label, value]) => `${`${label}:`.padEnd(width)}${oneLine(value)}`).join('\n')]
      : []),
    ...draft.closing,
    language.signature,
    ...footer,
  ];
  const paragraph = (line: string) => `<p>${escapeHtml(line)}</p>`;
  const html = htmlPage(subject, language.tag, [
    ...[greeting, ...draft.paragraphs].map(paragraph),
    ...(draft.details.length > 0 ? [table(draft.details)] : []),
    ...draft.closing.map(paragraph),
    paragraph(language.signature),
    ...footer.map((line) => `<p style="color:#6b625a;font-size:13px">${escapeHtml(line)}</p>`),
  ]);
  return { subject, text: `${text.join('\n\n')}\n`, html };
}

function table(details: MailDraft['details']): string {
  const rows = details.map(
    ([label, value]) =>
      `<tr><th scope="row" style="${LABEL}">${escapeHtml(label)}</th><td style="${VALUE}">${escapeHtml(value)}</td></tr>`,
  );
  return `<table style="border-collapse:collapse;margin:8px 0 16px">${rows.join('')}</table>`;
}

const oneLine = (text: string) => text.replace(/\s+/gu, ' ').trim();
