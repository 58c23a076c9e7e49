import type { EntityManager } from '@mikro-orm/postgresql';
import { OPTIONAL_TEMPLATES, type OptionalTemplate, type Template } from './domain/notification.js';

export interface MutedTemplates {
  /** 0 as long as nothing has been set. */
  version: number;
  muted: OptionalTemplate[];
}

export const isOptional = (template: Template): template is OptionalTemplate =>
  OPTIONAL_TEMPLATES.some((optional) => optional === template);

export async function findMuted(em: EntityManager, userId: string): Promise<MutedTemplates> {
  const [row] = await em.execute<MutedTemplates[]>(
    'SELECT version, muted FROM notification_setting WHERE user_id = ?',
    [userId],
  );
  return row ?? { version: 0, muted: [] };
}

export async function isMuted(em: EntityManager, userId: string, template: Template): Promise<boolean> {
  if (!isOptional(template)) return false;
  const { muted } = await findMuted(em, userId);
  return muted.includes(template);
}

export async function saveMuted(
  em: EntityManager,
  userId: string,
  muted: readonly OptionalTemplate[],
): Promise<number> {
  const [row] = await em.execute<[{ version: number }]>(
    `INSERT INTO notification_setting AS mine (user_id, version, muted) VALUES (?, 1, ?::text[])
     ON CONFLICT (user_id) DO UPDATE SET version = mine.version + 1, muted = excluded.muted RETURNING version`,
    [userId, `{${muted.join(',')}}`],
  );
  return row.version;
}
