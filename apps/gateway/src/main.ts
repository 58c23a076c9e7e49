import { runService } from '@roost/platform';
import { gateway } from './service.js';

await runService(gateway);
