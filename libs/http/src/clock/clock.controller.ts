import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { addDuration } from '@roost/stay';
import { z } from 'zod';
import { Public } from '../auth/decorators.js';
import { invalidField, Clock, SystemClock, ClockControl } from '@roost/platform';
import { Body } from '../shapes/params.js';
import { Instant } from '../shapes/common.js';

const MoveClock = z.union(
  [
    z.strictObject({ advance: z.string().max(60) }),
    z.strictObject({ set: Instant }),
    z.strictObject({ reset: z.literal(true) }),
  ],
  { error: 'Must be {"advance":"P3D"}, {"set":"2027-05-01T13:00:00Z"} or {"reset":true}' },
);
type MoveClock = z.output<typeof MoveClock>;

/** Moves the domain clock in development and tests. Not served in production. */
@ApiExcludeController()
@Controller('dev/clock')
export class ClockController {
  constructor(
    private readonly clock: Clock,
    private readonly system: SystemClock,
    private readonly control: ClockControl,
  ) {}

  @Post()
  @HttpCode(200)
  @Public()
  async move(@Body(MoveClock) body: MoveClock): Promise<{ now: string }> {
    const now = await this.control.set(this.#offset(body));
    return { now: now.toISOString() };
  }

  #offset(body: MoveClock): number {
    if ('reset' in body) return 0;
    if ('set' in body) return Date.parse(body.set) - this.system.now().getTime();
    let target: Date;
    try {
      target = addDuration(this.clock.now(), body.advance, 'UTC');
    } catch {
      throw invalidField('/advance', 'Must be a duration such as P3D or PT15M');
    }
    return target.getTime() - this.system.now().getTime();
  }
}
