import { runService } from '@roost/service';
import { notes } from './service.js';

await runService(notes);
