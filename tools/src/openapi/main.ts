import { parseArgs } from 'node:util';
import { releasedDocument } from '@roost/app-gateway/release';
import { validateOpenApi } from './validate.js';

const HELP = `Validates the OpenAPI document of the release: its schema, the rules of Spectral, those of Redocly.

  npm run check:openapi             exits with 1 and one line per error
  npm run check:openapi -- --help   this text`;

const { values } = parseArgs({ options: { help: { type: 'boolean', default: false } } });
if (values.help) console.log(HELP);
else {
  const errors = await validateOpenApi(await releasedDocument());
  if (errors.length > 0) {
    console.error(`${errors.join('\n')}\n${errors.length} errors in the OpenAPI document.`);
    process.exitCode = 1;
  } else console.log('The OpenAPI document is valid.');
}
