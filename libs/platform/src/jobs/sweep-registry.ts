import { getQueueToken } from '@nestjs/bull';
import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModuleRef } from '@nestjs/core';
import type { Queue } from 'bull';
import { SERVICE } from '../redis/redis.js';
import { SWEEP, type Sweep } from './sweep.js';

export interface RegisteredSweep extends Sweep {
  run: () => unknown;
}

/** The `@SweepEvery` methods of a service, and the queue that wakes them. */
@Injectable()
export class SweepRegistry {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly modules: ModuleRef,
    @Inject(SERVICE) private readonly service: string,
  ) {}

  queue(): Queue {
    return this.modules.get<Queue>(getQueueToken(this.service), { strict: false });
  }

  /** One entry per name of a sweep, also if several providers share the method. */
  sweeps(): RegisteredSweep[] {
    const byName = new Map<string, RegisteredSweep>();
    for (const wrapper of this.discovery.getProviders()) {
      if (!wrapper.isDependencyTreeStatic()) continue;
      for (const sweep of this.#sweepsOf(wrapper.instance))
        if (!byName.has(sweep.name)) byName.set(sweep.name, sweep);
    }
    return [...byName.values()];
  }

  #sweepsOf(instance: unknown): RegisteredSweep[] {
    if (typeof instance !== 'object' || instance === null) return [];
    const prototype = Object.getPrototypeOf(instance) as Record<string, unknown> | null;
    if (!prototype) return [];
    return this.scanner.getAllMethodNames(prototype).flatMap((method) => {
      const sweep = Reflect.getMetadata(SWEEP, prototype[method] as object) as Sweep | undefined;
      const run = (instance as Record<string, () => unknown>)[method];
      return sweep && run ? [{ ...sweep, run: run.bind(instance) }] : [];
    });
  }
}
