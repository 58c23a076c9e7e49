/** What a person at a terminal can act on: the message is one whole sentence, shown without a stack. */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError';
}

/** The system's word for what went wrong with a file, without the path (our sentence names it). */
export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  const words: Record<string, string> = {
    EACCES: 'permission denied',
    EPERM: 'operation not permitted',
    EROFS: 'the file system is read-only',
    ENOSPC: 'no space is left',
    ENOTDIR: 'a part of the path is a file',
    EEXIST: 'a file of that name is in the way',
    EISDIR: 'a folder of that name is in the way',
  };
  return (code && words[code]) ?? (error instanceof Error ? error.message : String(error));
}
