import { runService } from '@roost/platform';
import { bookings } from './service.js';

await runService(bookings);
