/** An error that the user can fix. The message is a complete sentence, shown without a stack. */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError';
}

/** The reason of a file error in words, without the path. */
export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  const reasons: Record<string, string> = {
    EACCES: 'permission denied',
    EPERM: 'operation not permitted',
    EROFS: 'the file system is read-only',
    ENOSPC: 'no space is left',
    ENOTDIR: 'a part of the path is a file',
    EEXIST: 'a file of that name exists',
    EISDIR: 'a folder of that name exists',
  };
  return (code && reasons[code]) ?? (error instanceof Error ? error.message : String(error));
}
