/**
 * How is the site there without a network? What was seen once is kept. Files with a hash in their name never change: what is kept of them is
 * given at once. Pages are asked for first, and given from what is kept where there is no answer.
 */

export interface SiteFiles {
  /** Kept from the beginning: pages and what all of them need. */
  readonly shell: readonly string[];
  /** Kept once they were seen. */
  readonly others: readonly string[];
}

interface Event_ {
  waitUntil(work: Promise<unknown>): void;
}

interface FetchEvent_ extends Event_ {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

export interface WorkerScope {
  readonly latentAtlasFiles: SiteFiles;
  readonly registration: { readonly scope: string };
  readonly caches: CacheStorage;
  readonly clients: { claim(): Promise<void> };
  fetch(request: Request): Promise<Response>;
  skipWaiting(): Promise<void>;
  addEventListener(type: string, listener: (event: never) => void): void;
}

export function begin(scope: WorkerScope): void {
  const { shell, others } = scope.latentAtlasFiles;
  const { scope: root } = scope.registration;
  const url = (file: string): string => new URL(file, root).href;
  const known = new Set([...shell, ...others].map(url));
  const cache = (): Promise<Cache> => scope.caches.open(`latent-atlas ${root}`);

  scope.addEventListener("install", (event: Event_) =>
    event.waitUntil(
      cache()
        .then((kept) => kept.addAll(shell.map((file) => new Request(url(file), { cache: "no-cache" }))))
        .then(() => scope.skipWaiting()),
    ),
  );
  scope.addEventListener("activate", (event: Event_) =>
    event.waitUntil(forgetOthers(cache, known).then(() => scope.clients.claim())),
  );
  scope.addEventListener("message", (event: Event_ & { readonly data: unknown }) =>
    event.waitUntil(keepSeen(cache, known, event.data)),
  );
  scope.addEventListener("fetch", (event: FetchEvent_) => {
    const { request } = event;
    const address = bare(request.url);
    const file = address === root ? url("index.html") : address;
    if (request.method !== "GET" || !known.has(file)) return;
    event.respondWith(file.endsWith(".html") ? page(scope, cache, request, file) : fixed(scope, cache, request, file));
  });
}

/** Without what pages read for themselves. */
function bare(address: string): string {
  return address.replace(/[?#].*$/, "");
}

async function forgetOthers(cache: () => Promise<Cache>, known: ReadonlySet<string>): Promise<void> {
  const kept = await cache();
  const old = (await kept.keys()).filter(({ url }) => !known.has(url));
  await Promise.all(old.map((request) => kept.delete(request)));
}

/** What a page loaded before it was under this worker. */
async function keepSeen(cache: () => Promise<Cache>, known: ReadonlySet<string>, seen: unknown): Promise<void> {
  if (!Array.isArray(seen)) return;
  const kept = await cache();
  const files = [...new Set(seen.filter((one): one is string => typeof one === "string").map(bare))];
  const own = files.filter((one) => known.has(one) && !one.endsWith(".html"));
  await Promise.all(own.map(async (one) => (await kept.match(one)) ?? kept.add(one)));
}

async function page(
  scope: WorkerScope,
  cache: () => Promise<Cache>,
  request: Request,
  file: string,
): Promise<Response> {
  const kept = await cache();
  try {
    const answer = await scope.fetch(request);
    if (answer.ok) await kept.put(file, answer.clone());
    return answer;
  } catch (error) {
    const found = await kept.match(file);
    if (found) return found;
    throw error;
  }
}

async function fixed(
  scope: WorkerScope,
  cache: () => Promise<Cache>,
  request: Request,
  file: string,
): Promise<Response> {
  const kept = await cache();
  const found = await kept.match(file);
  if (found) return found;
  const answer = await scope.fetch(request);
  if (answer.ok) await kept.put(file, answer.clone());
  return answer;
}
