import { runService } from '@roost/service';
import { identity } from './service.js';

await runService(identity);
