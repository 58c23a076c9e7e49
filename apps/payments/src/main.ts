import { runService } from '@roost/platform';
import { payments } from './service.js';

await runService(payments);
