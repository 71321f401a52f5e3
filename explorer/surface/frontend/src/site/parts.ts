/**
 * How does a page get what lies in other files, without a server too? A page from disk may neither fetch nor load modules, but it may load a
 * plain script: each part of the site is one that calls `latentAtlasPart` with its name and its bytes in base64. The same holds for programs.
 */

import { PayloadError } from "../wire/errors";
import { inflated } from "../wire/run-bundle";

/** What every part calls. */
type TakePart = (name: string, text: string) => void;

interface ScriptPolicy {
  createScriptURL(url: string): unknown;
}

interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): ScriptPolicy;
}

/** A file of this site, with the hash of what is in it; nothing above its folder, and no other host. */
const FILE = /^(assets|data|lessons|runs)\/[A-Za-z0-9][A-Za-z0-9._-]*\.js$/;

const taken = new Map<string, string>();
const asked = new Map<string, Promise<void>>();

export function openParts(page: Window = window): void {
  const take: TakePart = (name, text) => void taken.set(name, text);
  Object.defineProperty(page, "latentAtlasPart", { value: take });
}

/** The bytes of a part, inflated. Raises `PayloadError` with a sentence for the person. */
export async function part(file: string): Promise<Uint8Array> {
  return inflated(await packed(file));
}

/** The same as they were packed. */
export async function packed(file: string): Promise<Uint8Array> {
  await scriptFile(file);
  const text = taken.get(file);
  if (text === undefined) throw new PayloadError(`${file} is not a part of this site. Write the site again.`);
  return bytesOf(text);
}

/** The record of a part that is JSON. */
export async function record<T>(file: string): Promise<T> {
  const bytes = await part(file);
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as T;
  } catch {
    throw new PayloadError(`${file} is damaged. Write the site again.`);
  }
}

/** Loads a program or a part once; one that could not be loaded is asked for again. */
export function scriptFile(file: string): Promise<void> {
  const known = asked.get(file);
  if (known) return known;
  const loading = taken.has(file) ? Promise.resolve() : loaded(file);
  asked.set(file, loading);
  loading.catch(() => asked.delete(file));
  return loading;
}

function loaded(file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = allowed(file) as string;
    element.addEventListener("load", () => resolve());
    element.addEventListener("error", () => {
      element.remove();
      reject(new PayloadError(`${file} could not be loaded. Try again once there is a network.`));
    });
    document.head.append(element);
  });
}

let policy: ScriptPolicy | null = null;

/** The address as what the page's policy lets a script have: of these files alone. */
export function allowed(file: string): unknown {
  if (!FILE.test(file) && file !== "sw.js") throw new PayloadError(`${file} is not a file of this site.`);
  const types = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
  if (!types) return file;
  policy ??= types.createPolicy("latent-atlas-site", {
    createScriptURL: (url) => {
      if (FILE.test(url) || url === "sw.js") return url;
      throw new TypeError("not a file of this site");
    },
  });
  return policy.createScriptURL(file);
}

function bytesOf(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch {
    throw new PayloadError("A file of this site is damaged. Write the site again.");
  }
}
