import { runService } from '@roost/service';
import { payments } from './service.js';

await runService(payments);
