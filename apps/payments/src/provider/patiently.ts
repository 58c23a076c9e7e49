import { setTimeout as pause } from 'node:timers/promises';
import { ProviderUnavailable } from './provider.port.js';

const PAUSES_MS = [250, 1_000];

/** Repeats a read without an answer: one failure must not end the reading of a long history. Never for a call that writes. */
export async function patiently<T>(read: () => Promise<T>): Promise<T> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ProviderUnavailable)) throw error;
      await pause(pauseMs);
    }
  }
  return read();
}
