import type { MailLocale } from '@roost/contracts';
import type { MailDraft } from './language/language.js';
import { mailTexts } from './language/languages.js';

/** A rendered mail. */
export interface MailContent {
  subject: string;
  text: string;
  html: string;
}

export interface MailFrame {
  locale: MailLocale;
  /** The reader's name, or null if it is not known. */
  name: string | null;
  /** The client's page of the mail. */
  url: string | null;
  /** For an optional mail: the client's page of the notification settings. */
  optOut?: { url: string | null };
}

const PAGE = 'margin:0;padding:24px 12px;background:#f4f1ec;color:#2b2723;font:16px/1.5 sans-serif';
const SHEET = 'max-width:560px;margin:0 auto;padding:24px 28px;background:#fff;border-radius:8px';
const CODE =
  'display:inline-block;padding:10px 14px;background:#f4f1ec;border-radius:6px;overflow-wrap:anywhere';
const BUTTON =
  'display:inline-block;padding:10px 18px;border-radius:6px;background:#8a3d1f;color:#fff;text-decoration:none';
const FOOTER = 'color:#6b625a;font-size:13px';
const LABEL = 'padding:6px 16px 6px 0;color:#6b625a;text-align:left;vertical-align:top;font-weight:normal';
const VALUE = 'padding:6px 0;vertical-align:top;overflow-wrap:anywhere';

/** Renders a draft as text and as HTML with inline styles, without images and external resources. */
export function renderMail(draft: MailDraft, { locale, name, url, optOut }: MailFrame): MailContent {
  const texts = mailTexts[locale];
  const subject = oneLine(draft.subject);
  const opening = [texts.greeting(name), ...draft.paragraphs].map(oneLine);
  const details = draft.details.map(([label, value]): [string, string] => [label, oneLine(value)]);
  const closing = [...draft.closing, texts.signature].map(oneLine);
  const { code } = draft;
  const linkLine = (label: string, target: string) => `${texts.label(label)} ${target}`;

  const width = Math.max(0, ...details.map(([label]) => texts.label(label).length)) + 1;
  const text = [
    ...opening,
    ...(code === undefined ? [] : [`    ${code}`]),
    ...(details.length === 0
      ? []
      : [details.map(([label, value]) => texts.label(label).padEnd(width) + value).join('\n')]),
    ...(url === null ? [] : [linkLine(draft.action, url)]),
    ...closing,
    ...(optOut ? [texts.optOutHint] : []),
    ...(optOut?.url ? [linkLine(texts.optOutAction, optOut.url)] : []),
  ];

  const html = [
    ...opening.map(paragraph),
    ...(code === undefined ? [] : [`<p><code style="${CODE}">${escapeHtml(code)}</code></p>`]),
    ...(details.length === 0 ? [] : [table(details)]),
    ...(url === null ? [] : [`<p>${anchor(draft.action, url, BUTTON)}</p>`]),
    ...closing.map(paragraph),
    ...(optOut ? [`<p style="${FOOTER}">${escapeHtml(texts.optOutHint)}`] : []),
    ...(optOut?.url ? [`<br>${anchor(texts.optOutAction, optOut.url, FOOTER)}`] : []),
    ...(optOut ? ['</p>'] : []),
  ];
  return { subject, text: `${text.join('\n\n')}\n`, html: htmlPage(subject, locale, html) };
}

function htmlPage(subject: string, locale: MailLocale, parts: readonly string[]): string {
  const title = escapeHtml(subject);
  return [
    `<!doctype html><html lang="${locale}"><head><meta charset="utf-8">`,
    '<meta name="viewport" content="width=device-width">',
    `<title>${title}</title></head><body style="${PAGE}"><div style="${SHEET}">`,
    `<h1 style="margin:0 0 16px;font-size:20px;line-height:1.3;overflow-wrap:anywhere">${title}</h1>`,
    ...parts,
    '</div></body></html>',
  ].join('\n');
}

const paragraph = (line: string) => `<p>${escapeHtml(line)}</p>`;

/** Opens a window of its own, also in the inbox of development. The server of the page receives no address of the mail client. */
const anchor = (label: string, url: string, style: string) =>
  `<a href="${escapeHtml(url)}" target="_blank" rel="noreferrer" style="${style}">${escapeHtml(label)}</a>`;

function table(details: MailDraft['details']): string {
  const rows = details.map(
    ([label, value]) =>
      `<tr><th scope="row" style="${LABEL}">${escapeHtml(label)}</th><td style="${VALUE}">${escapeHtml(value)}</td></tr>`,
  );
  return `<table style="border-collapse:collapse;margin:8px 0 16px">${rows.join('')}</table>`;
}

/** Without line breaks and control characters, which could forge lines of the text or headers. Keeps non-breaking spaces. */
const oneLine = (text: string) => text.replace(/[\p{Cc}\p{Zl}\p{Zp} ]+/gu, ' ').trim();

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
