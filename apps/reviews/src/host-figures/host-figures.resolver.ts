import { BatchedEdge, type EntityRef, ExternalEntity, Resolver } from '@roost/graphql';
import type { z } from 'zod';
import { HostFigures } from './host-figures.dto.js';
import { HostFiguresService } from './host-figures.service.js';

@Resolver(ExternalEntity('User'))
export class HostFiguresResolver {
  constructor(private readonly figures: HostFiguresService) {}

  @BatchedEdge(HostFigures.nullable())
  hostFigures(users: readonly z.output<EntityRef>[]): Promise<HostFigures[]> {
    return this.figures.read(users.map(({ id }) => id));
  }
}
