/** A rendered mail. */
export interface MailContent {
  subject: string;
  text: string;
  html: string;
}

const PAGE = 'margin:0;padding:24px 12px;background:#f4f1ec;color:#2b2723;font:16px/1.5 sans-serif';
const SHEET = 'max-width:560px;margin:0 auto;padding:24px 28px;background:#fff;border-radius:8px';

/** Returns the HTML page of a mail with these parts: inline styles, no images, no external resources. */
export function htmlPage(subject: string, language: string, parts: readonly string[]): string {
  const title = escapeHtml(subject);
  return [
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8">`,
    `<title>${title}</title></head><body style="${PAGE}"><div style="${SHEET}">`,
    `<h1 style="margin:0 0 16px;font-size:20px;line-height:1.3">${title}</h1>`,
    ...parts,
    '</div></body></html>',
  ].join('\n');
}

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
