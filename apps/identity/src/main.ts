import { runService } from '@roost/platform';
import { identity } from './service.js';

await runService(identity);
