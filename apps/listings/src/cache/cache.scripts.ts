import type { Redis } from '@roost/platform';

/** The version of a tag is random. A lost version is replaced by a new one, so pages under the lost version are not found again. */
const VERSION_TTL_S = 300;
/** Bounds the time for which a crashed process keeps a tag open. */
const OPEN_TTL_MS = 5_000;
/** Longer than a load; bounds the wait for a process that crashed during a load. */
const LEAD_TTL_MS = 3_000;
/** A page that is loaded while a tag is open is only shared with the reads that wait for it. */
const SHARED_TTL_MS = 500;

/** KEYS: generation, page, lead, then the version and the open changes of each tag. Sets `versions` and `open`. */
const TAGS = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local open = 0
local versions = redis.call('GET', KEYS[1]) or ''
for i = 4, #KEYS, 2 do
  versions = versions .. ' ' .. (redis.call('GET', KEYS[i]) or '')
  if redis.call('ZCOUNT', KEYS[i + 1], now, '+inf') > 0 then open = 1 end
end`;

/** ARGV: a new version. Returns the versions, whether a tag is open, the page if it is stored, and whether to load it. */
const BEGIN = `
redis.call('SET', KEYS[1], ARGV[1], 'NX')
for i = 4, #KEYS, 2 do redis.call('SET', KEYS[i], ARGV[1], 'NX', 'EX', ${VERSION_TTL_S}) end
${TAGS}
local page = redis.call('HMGET', KEYS[2], 'versions', 'body')
if page[1] == versions then return { versions, open, page[2], 0 } end
if redis.call('GET', KEYS[3]) == versions then return { versions, open, false, 0 } end
redis.call('SET', KEYS[3], versions, 'PX', ${LEAD_TTL_MS})
return { versions, open, false, 1 }`;

/** ARGV: the versions and whether a tag was open at the begin, the page (empty if none is to be stored), its lifetime. */
const STORE = `
${TAGS}
if redis.call('GET', KEYS[3]) == ARGV[1] then redis.call('DEL', KEYS[3]) end
if versions ~= ARGV[1] or ARGV[3] == '' then return 0 end
redis.call('HSET', KEYS[2], 'versions', versions, 'body', ARGV[3])
local lifetime = tonumber(ARGV[4])
if open == 1 or ARGV[2] == '1' then lifetime = math.min(lifetime, ${SHARED_TTL_MS}) end
redis.call('PEXPIRE', KEYS[2], lifetime)
return 1`;

/** KEYS: the version and the open changes of each tag. ARGV: a new version, the change. */
const OPEN = `
local clock = redis.call('TIME')
local until_ms = clock[1] * 1000 + math.floor(clock[2] / 1000) + ${OPEN_TTL_MS}
for i = 1, #KEYS, 2 do
  redis.call('SET', KEYS[i], ARGV[1], 'EX', ${VERSION_TTL_S})
  redis.call('ZADD', KEYS[i + 1], until_ms, ARGV[2])
  redis.call('PEXPIRE', KEYS[i + 1], ${OPEN_TTL_MS})
end`;

const CLOSE = `
for i = 1, #KEYS, 2 do
  redis.call('SET', KEYS[i], ARGV[1], 'EX', ${VERSION_TTL_S})
  redis.call('ZREM', KEYS[i + 1], ARGV[2])
end`;

type Arguments = [keyCount: number, ...keysAndValues: string[]];

interface Scripts {
  roostCacheBegin(
    ...args: Arguments
  ): Promise<[versions: string, open: number, body: string | null, lead: number]>;
  roostCacheStore(...args: Arguments): Promise<number>;
  roostCacheOpen(...args: Arguments): Promise<null>;
  roostCacheClose(...args: Arguments): Promise<null>;
}

/** Adds the scripts of the cache to a connection. Each runs as a whole, so no other command comes between its parts. */
export function withScripts(redis: Redis): Redis & Scripts {
  redis.defineCommand('roostCacheBegin', { lua: BEGIN });
  redis.defineCommand('roostCacheStore', { lua: STORE });
  redis.defineCommand('roostCacheOpen', { lua: OPEN });
  redis.defineCommand('roostCacheClose', { lua: CLOSE });
  return redis as Redis & Scripts;
}
