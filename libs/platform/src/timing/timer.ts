const SLICES = 8;

/**
 * Calls `expire` when the event loop has run for `milliseconds`. Returns a function that cancels it.
 *
 * A plain timer also counts the time in which the event loop is blocked, for example while modules are loaded: it expires
 * before a response that arrived in time is read. Here a blocked period counts as one slice at most, and arrived data is
 * read before the last call.
 */
export function startTimer(milliseconds: number, expire: () => void, { keepAlive = true } = {}): () => void {
  const slice = Math.ceil(milliseconds / SLICES);
  let remaining = SLICES;
  let immediate: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    remaining -= 1;
    if (remaining > 0) timer.refresh();
    // The event loop polls for I/O between its timers and its immediates.
    else immediate = setImmediate(expire);
  }, slice);
  if (!keepAlive) timer.unref();
  return () => {
    clearTimeout(timer);
    clearImmediate(immediate);
  };
}

/** As `AbortSignal.timeout`, without the time in which the event loop is blocked. */
export function timeoutSignal(milliseconds: number): AbortSignal {
  const controller = new AbortController();
  startTimer(
    milliseconds,
    () => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
    { keepAlive: false },
  );
  return controller.signal;
}
