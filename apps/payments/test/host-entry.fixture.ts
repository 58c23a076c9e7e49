import type { TestService } from '@roost/testing';

interface HostEntry {
  hostId: string;
  /** Names the business action, such as `payout:<id>`. */
  key: string;
  /** Positive: into the account of the host. */
  amountMinor: number;
  at: Date;
  currency?: string;
}

/** Posts one movement of a host's account to the ledger. */
export async function postHostEntry(
  service: TestService,
  { hostId, key, amountMinor, at, currency = 'USD' }: HostEntry,
): Promise<void> {
  const account = async (code: string, ownerId: string | null) => {
    await service.query(
      'INSERT INTO ledger_account (code, owner_id, currency) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [code, ownerId, currency],
    );
    const [row] = await service.query<{ id: string }>(
      'SELECT id FROM ledger_account WHERE code = $1 AND owner_id IS NOT DISTINCT FROM $2 AND currency = $3',
      [code, ownerId, currency],
    );
    return row?.id;
  };
  const own = await account('host_payable', hostId);
  const other = await account('payout_in_transit', null);
  await service.query(
    `INSERT INTO movement (key, leg, debit_id, credit_id, currency, amount_minor, occurred_at)
     VALUES ($1, 1, $2, $3, $4, $5, $6)`,
    [key, ...(amountMinor < 0 ? [own, other] : [other, own]), currency, Math.abs(amountMinor), at],
  );
}
