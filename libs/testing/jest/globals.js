/** The exports of `@jest/globals` in a spec; `jest` is that of the current spec. */
export const jest = new Proxy({}, { get: (_, name) => globalThis[Symbol.for('roost.test.jest')][name] });
export const { describe, test, it, expect, beforeAll, beforeEach, afterAll, afterEach } = globalThis;
