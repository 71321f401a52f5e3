/** Where does a browser keep a record for a page that is reloaded? In IndexedDB, under a key of the tab; what is a day old goes. */

const DATABASE = "latent-atlas";
const TABLE = "trainings";
const KEY = "latent-train-key";
const MOST_AGE_MS = 24 * 3600 * 1000;

export interface Store {
  /** Undefined where there is nothing. */
  get(): Promise<unknown>;
  put(record: { readonly savedAt: number }): Promise<void>;
  remove(): Promise<void>;
}

/** Null where the browser keeps nothing for this page. */
export async function openStore(): Promise<Store | null> {
  const key = await keyOfTab();
  if (key === null || typeof indexedDB === "undefined") return null;
  const database = opened();
  const tableFor = async (mode: IDBTransactionMode): Promise<IDBObjectStore> =>
    (await database).transaction(TABLE, mode).objectStore(TABLE);
  const within = async <T>(mode: IDBTransactionMode, ask: (table: IDBObjectStore) => IDBRequest<T>): Promise<T> =>
    answer(ask(await tableFor(mode)));
  void tableFor("readwrite").then(forgetOld, () => undefined);
  return {
    get: () => within("readonly", (table) => table.get(key)),
    put: async (record) => {
      await within("readwrite", (table) => table.put(record, key));
    },
    remove: () => within("readwrite", (table) => table.delete(key)),
  };
}

/**
 * The same after a reload, another one for every tab; null where the browser keeps nothing. A tab that is duplicated gets a copy of the first one's
 * key: while that one holds it, the copy takes a key of its own.
 */
async function keyOfTab(): Promise<string | null> {
  try {
    const found = sessionStorage.getItem(KEY);
    const key = found !== null && (await isOurs(found)) ? found : await newKey();
    sessionStorage.setItem(KEY, key);
    return key;
  } catch {
    return null;
  }
}

async function newKey(): Promise<string> {
  const key = `${Date.now()}-${Math.random()}`;
  await isOurs(key);
  return key;
}

/** How long the page before a reload may take to let its key go. */
const RELOAD_MS = 2000;
const GIVEN_UP = ["TimeoutError", "AbortError"];

/** Whether no other tab has that key; held from now on until the page goes. A browser that gives no locks tells none apart. */
function isOurs(key: string): Promise<boolean> {
  const { locks } = navigator as { readonly locks?: LockManager };
  if (!locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const untilThePageGoes = (): Promise<never> => {
      resolve(true);
      return new Promise(() => undefined);
    };
    locks
      .request(`${DATABASE} ${key}`, { signal: AbortSignal.timeout(RELOAD_MS) }, untilThePageGoes)
      .catch((error: Error) => resolve(!GIVEN_UP.includes(error.name)));
  });
}

function opened(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
  return answer(request);
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Records of tabs that are long gone. */
function forgetOld(table: IDBObjectStore): void {
  const request = table.openCursor();
  request.onsuccess = () => {
    const cursor = request.result;
    if (!cursor) return;
    const { savedAt } = cursor.value as { readonly savedAt: number };
    if (Date.now() - savedAt > MOST_AGE_MS) cursor.delete();
    cursor.continue();
  };
}
