import { runService } from '@roost/service';
import { gateway } from './service.js';

await runService(gateway);
