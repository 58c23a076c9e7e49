import { Controller, Get } from '@nestjs/common';
import { Param, Public, RespondsWith, Summary, Uuid } from '@roost/http';
import { HostFigures, toHostFigures } from './host-figures.dto.js';
import { HostFiguresService } from './host-figures.service.js';

@Controller('v1')
export class HostFiguresController {
  constructor(private readonly figures: HostFiguresService) {}

  @Summary('Read the figures of a user as a host')
  @Get('users/:userId/host-figures')
  @Public()
  @RespondsWith(200, HostFigures)
  async ofUser(@Param('userId', Uuid) userId: string): Promise<HostFigures> {
    const [figures] = await this.figures.read([userId]);
    return figures ?? toHostFigures(undefined);
  }
}
