import { escapeHtml } from '../mail/mail.templates.js';
import type { InboxMail } from './dev.dto.js';

/** The development inbox for a person: each mail shown as its reader would see it, in a frame without scripts. */
export function inboxPage(mails: readonly InboxMail[], to: string | undefined): string {
  const title = to === undefined ? 'Inbox' : `Inbox of ${to}`;
  const items = mails.map(
    (mail) => `<article>
<h2>${escapeHtml(mail.subject)}</h2>
<p>${escapeHtml(mail.sentAt ?? 'not sent yet')} · to <a href="?to=${encodeURIComponent(mail.to)}">${escapeHtml(mail.to)}</a> · ${escapeHtml(mail.template)}</p>
<iframe sandbox srcdoc="${escapeHtml(mail.html)}"></iframe>
</article>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<style>body{font:16px/1.5 system-ui;max-width:48rem;margin:2rem auto;padding:0 1rem}iframe{width:100%;height:18rem;border:1px solid #bbb}p{color:#555}</style>
</head><body><h1>${escapeHtml(title)}</h1>
${items.length > 0 ? items.join('\n') : '<p>No mail yet.</p>'}
</body></html>
`;
}
