import { escapeHtml } from '../mail/mail-content.js';
import type { InboxMail } from './dev.dto.js';

/** The development inbox for a browser: each mail in a frame without scripts. */
export function inboxPage(mails: readonly InboxMail[], to: string | undefined): string {
  const title = to === undefined ? 'Inbox' : `Inbox of ${to}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>
<header><h1>${escapeHtml(title)}</h1> ${to === undefined ? '' : '<a href="?">All mails</a>'}
<form><input name="to" aria-label="Address or phone number" placeholder="Filter by address or number" value="${escapeHtml(to ?? '')}" required><button>Show</button></form></header>
${mails.length > 0 ? mails.map(article).join('\n') : '<p class="none">No mail yet.</p>'}
</body></html>
`;
}

function article(mail: InboxMail, index: number): string {
  const frame =
    mail.html === ''
      ? ''
      : `<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" title="${escapeHtml(mail.subject)}" loading="lazy" style="height:${heightOf(mail)}px" srcdoc="${escapeHtml(mail.html)}"></iframe>`;
  return `<details${index === 0 ? ' open' : ''}><summary><strong>${escapeHtml(mail.subject)}</strong>
<span>${escapeHtml(mail.to)}</span> <time>${escapeHtml(timeOf(mail.sentAt))}</time></summary>
${mail.text === '' ? '<p class="none">This was sent. Its text is not stored.</p>' : frame}
<footer><code>${escapeHtml(mail.template)}</code> <a href="?to=${encodeURIComponent(mail.to)}">All to this address</a>
<details class="text"${mail.html === '' ? ' open' : ''}><summary>As text</summary><pre>${escapeHtml(mail.text)}</pre></details></footer></details>`;
}

const timeOf = (sentAt: string | null): string =>
  sentAt === null ? 'not sent yet' : `${sentAt.slice(0, 19).replace('T', ' ')} UTC`;

/** Estimates the height of a mail in pixels, because a frame without scripts cannot report it. */
function heightOf({ html, text }: InboxMail): number {
  const blocks = html.match(/<(p|tr|h1)\b/g)?.length ?? 0;
  const broken = text.split('\n').map((line) => Math.max(0, Math.ceil(line.length / 64) - 1));
  return 130 + 40 * blocks + 24 * broken.reduce((sum, lines) => sum + lines, 0);
}

const STYLE = `
body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#2b2723;background:#faf8f5}
header{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:baseline;margin-bottom:1.5rem}
h1{font-size:1.5rem;margin:0;overflow-wrap:anywhere}form{margin-left:auto;display:flex;gap:.5rem}
input,button{font:inherit;padding:.25rem .6rem;border:1px solid #cfc7be;border-radius:6px;background:#fff}
body>details{background:#fff;border:1px solid #e5ded5;border-radius:8px;margin:.5rem 0;overflow:hidden}
body>details>summary{display:grid;grid-template-columns:1fr auto;gap:0 1rem;padding:.6rem 1rem;cursor:pointer;list-style:none}
body>details>summary:hover{background:#f4f1ec}summary strong{grid-column:1/-1}
summary span,summary time,footer,.none{color:#6b625a;font-size:.875rem}summary span{overflow-wrap:anywhere}
iframe{display:block;width:100%;border:0;border-top:1px solid #e5ded5}
footer{padding:.6rem 1rem;border-top:1px solid #e5ded5;display:flex;flex-wrap:wrap;gap:.25rem 1rem}
a{color:#8a3d1f}.text{flex-basis:100%}.text summary{cursor:pointer}pre{white-space:pre-wrap;overflow-wrap:anywhere}
.none{padding:0 1rem}`;
