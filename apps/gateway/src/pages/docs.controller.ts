import { createReadStream, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Get, Param, Redirect, Res } from '@nestjs/common';
import { contentSecurityPolicy, etagOf, Public } from '@roost/http';
import { Problem } from '@roost/platform';
import type { FastifyReply } from 'fastify';
import type { OpenApiDocument } from '../routes/openapi.js';
import { RouteRegistry } from '../routes/route-registry.js';

const swaggerUi = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

const ASSETS: Record<string, string> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Roost API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const START = `window.ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#ui',
  deepLinking: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  validatorUrl: null,
});
`;

/** Swagger UI sets styles of elements and has its icons in data URLs. */
const POLICY = contentSecurityPolicy({
  'script-src': "'self'",
  'style-src': "'self' 'unsafe-inline'",
  'img-src': "'self' data:",
  'connect-src': "'self'",
});

const EVENTS = readFileSync(new URL('../../release/asyncapi.json', import.meta.url));
const EVENTS_ETAG = etagOf(EVENTS.toString());

/** Serves `/openapi.json`, its Swagger UI, and `/asyncapi.json`. */
@Controller()
export class DocsController {
  constructor(private readonly routes: RouteRegistry) {}

  @Public()
  @Get('openapi.json')
  document(@Res({ passthrough: true }) reply: FastifyReply): OpenApiDocument {
    const document = this.routes.document();
    reply.header('etag', etagOf(document));
    return document;
  }

  @Public()
  @Get('asyncapi.json')
  events(@Res() reply: FastifyReply): void {
    reply.type('application/json; charset=utf-8').header('etag', EVENTS_ETAG).send(EVENTS);
  }

  @Public()
  @Get('docs')
  page(@Res() reply: FastifyReply): void {
    reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-cache')
      .header('content-security-policy', POLICY)
      .send(PAGE);
  }

  @Public()
  @Get('docs/:file')
  asset(@Param('file') file: string, @Res() reply: FastifyReply): void {
    if (file === 'start.js') {
      reply.type('text/javascript; charset=utf-8').send(START);
      return;
    }
    const type = Object.hasOwn(ASSETS, file) ? ASSETS[file] : undefined;
    if (!type) throw new Problem('route.not_found');
    reply
      .type(type)
      .header('cache-control', 'public, max-age=86400')
      .send(createReadStream(join(swaggerUi, file)));
  }

  @Public()
  @Get()
  @Redirect('/docs', 302)
  home(): void {}
}
