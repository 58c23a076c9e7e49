/** What `@jest/globals` gives in a spec: `jest` of the spec that runs. */
export const jest = new Proxy({}, { get: (_, name) => globalThis[Symbol.for('roost.test.jest')][name] });
export const { describe, test, it, expect, beforeAll, beforeEach, afterAll, afterEach } = globalThis;
