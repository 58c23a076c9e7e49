import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Encryption, SystemClock } from '@roost/platform';
import type { ProviderIntent } from '../provider/provider.port.js';
import { CaptureRecorder } from './capture-recorder.service.js';
import { applyProviderState, type StateChange } from './domain/payment-state.js';
import { factsOf } from './payment-facts.js';
import { PaymentPublisher } from './payment-publisher.service.js';
import { PaymentStepScheduler } from './payment-step-scheduler.service.js';
import { SECRET_CONTEXT } from './payment.dto.js';
import type { Payment } from './payment.entity.js';
import { postponeProviderCheck } from './payment.queries.js';
import { ProviderCheckSchedule } from './provider-check-schedule.js';

/** Applies the provider's state to a payment, publishes the change and schedules the next step. */
@Injectable()
export class PaymentStateUpdater {
  constructor(
    private readonly publisher: PaymentPublisher,
    private readonly steps: PaymentStepScheduler,
    private readonly captures: CaptureRecorder,
    private readonly encryption: Encryption,
    private readonly systemClock: SystemClock,
    private readonly checks: ProviderCheckSchedule,
  ) {}

  /** `confirming`: a confirmation is in progress, and its own response will report the outcome. */
  async applyProviderState(
    em: EntityManager,
    payment: Payment,
    intent: ProviderIntent,
    confirming: boolean,
  ): Promise<void> {
    // Not through the entity: a check changes nothing that clients see, so the version stays the same.
    await postponeProviderCheck(em, payment.id, this.checks.next(payment));
    payment.providerRef ??= intent.ref;
    if (intent.clientSecret !== null) {
      payment.clientSecret ??= this.encryption.encrypt(intent.clientSecret, SECRET_CONTEXT);
    }
    const before = payment.status;
    const change = applyProviderState(factsOf(payment), intent, confirming);
    payment.status = change.status;
    payment.authorizedMinor = change.authorizedMinor;
    payment.capturedMinor = change.capturedMinor;
    if (change.failureCode !== null || change.status !== before) payment.failureCode = change.failureCode;
    if (change.status === 'requires_action' && intent.redirectUrl !== null) {
      this.storeRedirectUrl(payment, intent.redirectUrl);
    } else if (change.status !== 'requires_action') {
      payment.redirectUrl = null;
    }
    await this.publishChange(em, payment, change, intent);
    await this.steps.scheduleNext(em, payment);
  }

  /** The same URL stays stored: a new encryption of it would be a new version of the payment. */
  private storeRedirectUrl(payment: Payment, url: string): void {
    const isStored =
      payment.redirectUrl !== null && this.encryption.decrypt(payment.redirectUrl, SECRET_CONTEXT) === url;
    if (!isStored) payment.redirectUrl = this.encryption.encrypt(url, SECRET_CONTEXT);
  }

  private async publishChange(
    em: EntityManager,
    payment: Payment,
    { event }: StateChange,
    intent: ProviderIntent,
  ): Promise<void> {
    switch (event?.kind) {
      case 'action-required':
        await this.publisher.publish(em, payment, 'payment.action-required', {});
        break;
      case 'authorized':
        payment.captureBefore = intent.captureBefore ?? this.systemClock.now();
        await this.publisher.publish(em, payment, 'payment.authorized', {
          captureBefore: payment.captureBefore.toISOString(),
        });
        break;
      case 'captured':
        await this.captures.record(em, payment);
        break;
      case 'captured-late':
        // The booking has ended with the payment's own end: no capture is published, and everything is refunded.
        Object.assign(payment, { goal: 'release', releaseMinor: null, releaseRetained: null });
        await this.captures.recordLate(em, payment);
        break;
      case 'voided':
        await this.publisher.publish(em, payment, 'payment.voided', {});
        break;
      case 'failed':
        await this.publisher.publish(em, payment, 'payment.failed', { code: event.code });
        break;
      case undefined:
        break;
    }
  }
}
