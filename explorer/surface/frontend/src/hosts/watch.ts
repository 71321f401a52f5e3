/** Where is a training on the server watched? In the app, as a Streamlit component that is given its moments one after the other. */

import { WatchPage } from "../train/server/page";
import { isLive } from "../wire/live";
import { leaving } from "./streamlit-cleanup";

interface StreamlitComponent {
  readonly parentElement: HTMLElement | ShadowRoot;
  readonly data: unknown;
  setTriggerValue(name: string, value: unknown): void;
}

interface Mounted {
  readonly page: WatchPage;
  /** The latest one: older ones belong to an earlier rerun. */
  component: StreamlitComponent;
  calls: number;
}

const mounted = new WeakMap<Node, Mounted>();

/** Whether a component of the app is one of these. */
export function watches({ data }: { readonly data: unknown }): boolean {
  return data instanceof Uint8Array && isLive(data);
}

/** Called again for every moment. */
export function watchInApp(component: StreamlitComponent): () => void {
  const { parentElement: parent, data } = component;
  const bytes = data as Uint8Array;
  const here = mounted.get(parent) ?? mountIn(component, bytes);
  here.component = component;
  const { page } = here;
  page.update(bytes);
  if (!page.element.isConnected) parent.append(page.element);
  page.retheme();
  return leaving(mounted, parent, here, () => page.destroy());
}

function mountIn(component: StreamlitComponent, bytes: Uint8Array): Mounted {
  const page = new WatchPage(bytes, (wanted) => {
    // a name of its own: a rerun that is overtaken by another one may be heard of twice
    here.component.setTriggerValue("set", { nonce: `${Date.now()} ${Math.random()}`, ...wanted });
  });
  const here: Mounted = { page, component, calls: 0 };
  mounted.set(component.parentElement, here);
  return here;
}
