import { Controller, Get, Param, Res } from '@nestjs/common';
import { contentSecurityPolicy, Public } from '@roost/http';
import { catalogue, isErrorCode, Problem } from '@roost/platform';
import type { FastifyReply } from 'fastify';

const STYLE =
  'body{font:17px/1.6 system-ui,sans-serif;max-width:42rem;margin:4rem auto;padding:0 1.5rem;color:#1d2733}' +
  'code{background:#eef1f4;padding:.1em .35em;border-radius:4px}h1{line-height:1.25}a{color:#0b5cad}' +
  'li{margin:.3rem 0}.status{color:#5b6875}';

const POLICY = contentSecurityPolicy({ 'style-src': "'unsafe-inline'" });

/** One page per error code: the target of the `type` of a problem. */
@Controller('errors')
export class ErrorsController {
  @Public()
  @Get()
  all(@Res() reply: FastifyReply): void {
    const rows = Object.entries(catalogue).map(
      ([code, { status, title }]) =>
        `<li><a href="/errors/${code}"><code>${code}</code></a> <span class="status">${status}</span> ${inline(title)}</li>`,
    );
    send(reply, 'Error codes', `<h1>Error codes</h1><ul>${rows.join('')}</ul>`);
  }

  @Public()
  @Get(':code')
  one(@Param('code') code: string, @Res() reply: FastifyReply): void {
    if (!isErrorCode(code)) throw new Problem('route.not_found');
    const { status, title, page } = catalogue[code];
    send(
      reply,
      code,
      `<p class="status"><code>${code}</code> · HTTP ${status}</p><h1>${inline(title)}</h1>` +
        `<h2>What happened</h2><p>${inline(page.what)}</p><h2>How to fix it</h2><p>${inline(page.fix)}</p>` +
        '<p><a href="/errors">All error codes</a></p>',
    );
  }
}

function send(reply: FastifyReply, title: string, body: string): void {
  reply
    .type('text/html; charset=utf-8')
    .header('cache-control', 'public, max-age=300')
    .header('content-security-policy', POLICY)
    .send(
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} · Roost</title><style>${STYLE}</style></head><body>${body}</body></html>`,
    );
}

/** Converts a text of the catalogue to HTML. The only markup is code in backticks. */
function inline(text: string): string {
  return text
    .replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
    .replace(/`([^`]+)`/g, '<code>$1</code>');
}
