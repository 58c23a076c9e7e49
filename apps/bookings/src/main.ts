import { runService } from '@roost/service';
import { bookings } from './service.js';

await runService(bookings);
