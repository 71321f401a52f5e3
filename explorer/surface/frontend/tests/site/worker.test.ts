import { expect, test } from "vitest";
import { begin, type WorkerScope } from "../../src/site/worker";

const ROOT = "https://host.example/atlas/";

/** A cache, a network and a worker's scope of our own. */
function world(): {
  readonly kept: Map<string, string>;
  readonly asked: string[];
  isOnline: boolean;
  fire(type: string, event: object): Promise<unknown>;
} {
  const kept = new Map<string, string>();
  const listeners = new Map<string, (event: never) => void>();
  const urlOf = (request: Request | string): string => (typeof request === "string" ? request : request.url);
  const here = { kept, asked: [] as string[], isOnline: true, fire };
  const network = async (request: Request | string): Promise<Response> => {
    here.asked.push(urlOf(request));
    if (!here.isOnline) throw new TypeError("no network");
    return new Response(`new ${urlOf(request)}`);
  };
  const cache = {
    match: async (request: string) => (kept.has(request) ? new Response(kept.get(request)) : undefined),
    put: async (request: string, answer: Response) => void kept.set(request, await answer.text()),
    add: async (request: string) => void kept.set(request, await (await network(request)).text()),
    addAll: async (all: readonly Request[]) => {
      for (const one of all) kept.set(one.url, await (await network(one)).text());
    },
    keys: async () => [...kept.keys()].map((url) => ({ url })),
    delete: async (request: { readonly url: string }) => kept.delete(request.url),
  };
  const scope = {
    latentAtlasFiles: { shell: ["index.html", "assets/site.1.js"], others: ["runs/a.1.js", "runs/b.1.js"] },
    registration: { scope: ROOT },
    caches: { open: async () => cache },
    clients: { claim: async () => undefined },
    fetch: network,
    skipWaiting: async () => undefined,
    addEventListener: (type: string, listener: (event: never) => void) => listeners.set(type, listener),
  };
  begin(scope as unknown as WorkerScope);
  async function fire(type: string, event: object): Promise<unknown> {
    let work: unknown;
    const hold = (one: unknown): void => {
      work = one;
    };
    listeners.get(type)?.({ ...event, waitUntil: hold, respondWith: hold } as never);
    return work;
  }
  return here;
}

async function answer(here: ReturnType<typeof world>, path: string): Promise<string | null> {
  const found = await here.fire("fetch", { request: new Request(`${ROOT}${path}`) });
  return found ? (found as Response).text() : null;
}

test("pages come from the network while there is one, files with a hash from what is kept", async () => {
  const here = world();
  await here.fire("install", {});
  here.kept.set(`${ROOT}assets/site.1.js`, "kept");
  here.asked.length = 0;
  expect(await answer(here, "assets/site.1.js")).toBe("kept");
  expect(here.asked).toEqual([]);
  expect(await answer(here, "index.html?run=a")).toBe(`new ${ROOT}index.html?run=a`);
  here.isOnline = false;
  expect(await answer(here, "")).toBe(`new ${ROOT}index.html?run=a`);
  await expect(answer(here, "runs/a.1.js")).rejects.toThrow("no network");
});

test("what a page loaded before is kept too, and nothing else that it names", async () => {
  const here = world();
  const other = "https://other.example/x.js";
  await here.fire("message", { data: [`${ROOT}runs/a.1.js`, other, `${ROOT}runs/unknown.js`, 7] });
  expect([...here.kept.keys()]).toEqual([`${ROOT}runs/a.1.js`]);
  await here.fire("message", { data: "no list" });
  expect(await answer(here, "runs/unknown.js")).toBeNull(); // the browser's own matter
});

test("a new version forgets the files of the old one", async () => {
  const here = world();
  here.kept.set(`${ROOT}runs/old.0.js`, "old").set(`${ROOT}runs/b.1.js`, "b");
  await here.fire("activate", {});
  expect([...here.kept.keys()]).toEqual([`${ROOT}runs/b.1.js`]);
});
