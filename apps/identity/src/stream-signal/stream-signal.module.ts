import { Module } from '@nestjs/common';
import { StreamSignal } from './stream-signal.js';

@Module({ providers: [StreamSignal], exports: [StreamSignal] })
export class StreamSignalModule {}
