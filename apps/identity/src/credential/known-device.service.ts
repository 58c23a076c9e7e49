import { Inject, Injectable } from '@nestjs/common';
import { currentRequest } from '@roost/http';
import { CONFIG, Encryption, SystemClock, uuidv7 } from '@roost/platform';
import type { IdentityConfig } from '../config.js';
import { cookieOf, type Device, parseDevice, setCookie } from './domain/device-cookie.js';

const ENCRYPTION_CONTEXT = 'device cookie';

/** Recognizes the devices of a user by a cookie, in any network ([ADR 24](../../../../docs/adr/0024-device-cookie.md)). */
@Injectable()
export class KnownDeviceService {
  constructor(
    private readonly encryption: Encryption,
    private readonly clock: SystemClock,
    @Inject(CONFIG) private readonly config: IdentityConfig,
  ) {}

  /** The device of the current request; null without a valid cookie. */
  current(): Device | null {
    const value = cookieOf(currentRequest()?.request.headers.cookie);
    if (value === undefined) return null;
    try {
      return parseDevice(this.encryption.decrypt(value, ENCRYPTION_CONTEXT), this.clock.now());
    } catch {
      // Not written by this service, or with another key: the device is unknown.
      return null;
    }
  }

  /** Makes the device of the current request known, because its user has proven their identity. */
  markKnown(userId: string): void {
    const known = this.current();
    const id = known?.userId === userId ? known.id : uuidv7();
    const device: Device = { id, userId, provenAt: this.clock.now().getTime() };
    const value = this.encryption.encrypt(JSON.stringify(device), ENCRYPTION_CONTEXT);
    const secure = this.config.PUBLIC_URL.startsWith('https:');
    currentRequest()?.reply.header('set-cookie', setCookie(value, { secure }));
  }
}
