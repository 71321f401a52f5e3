/** How does the surface live in a Streamlit page? Components v2 calls the default export again whenever data or theme change. */

import { PENDING_MS } from "./pins";
import { SurfaceView, type Pin, type Surface } from "./surface";

interface StreamlitComponent {
  readonly parentElement: HTMLElement | ShadowRoot;
  readonly data: unknown;
  readonly key: string;
  setStateValue(name: string, value: unknown): void;
  setTriggerValue(name: string, value: unknown): void;
}

/** The nonce makes two pins at one place two events, and lets the host say which it has counted. */
interface PinEvent extends Pin {
  readonly nonce: string;
  readonly since: number;
}

interface Mounted {
  readonly surface: Surface;
  /** Sent and not yet counted: reruns that follow each other closely are joined, and only the last value arrives. */
  waiting: PinEvent[];
  /** The page's latest handlers: older ones belong to an earlier rerun. */
  component: StreamlitComponent;
  calls: number;
}

const mounted = new WeakMap<Node, Mounted>();
let nonce = 0;

export default function streamlit(component: StreamlitComponent): (() => void) | undefined {
  const { parentElement: parent, data } = component;
  if (!(data instanceof Uint8Array)) return undefined; // nothing to show yet
  let here = mounted.get(parent);
  if (here) {
    here.component = component;
    here.surface.update(data);
    sendAgain(here);
  } else {
    here = mountIn(parent, data, component);
  }
  const call = ++here.calls;
  // a call that was overtaken while its script loaded is cleaned up late: it must not take the newer one with it
  return () => {
    const current = mounted.get(parent);
    if (current !== here || current?.calls !== call) return;
    mounted.delete(parent);
    current.surface.destroy();
  };
}

const AGAIN_MS = 300;

function mountIn(parent: HTMLElement | ShadowRoot, data: Uint8Array, component: StreamlitComponent): Mounted {
  const surface = new SurfaceView(parent, data, {
    onPin: (pin) => {
      here.waiting.push({ ...pin, nonce: `${Date.now()}-${++nonce}`, since: performance.now() });
      send(here);
    },
  });
  const here: Mounted = { surface, component, waiting: [], calls: 0 };
  mounted.set(parent, here);
  return here;
}

function send(here: Mounted): void {
  const events = here.waiting.map(({ map, z, how, support, nonce }) => ({ map, z, how, support, nonce }));
  here.component.setTriggerValue("pin", { events });
}

/** Events of which the host knows nothing after a while are sent once more with the next ones. */
function sendAgain(here: Mounted): void {
  const taken = new Set(here.surface.taken());
  here.waiting = here.waiting.filter((event) => !taken.has(event.nonce) && performance.now() - event.since < PENDING_MS);
  const first = here.waiting[0];
  if (first) setTimeout(() => here.waiting.includes(first) && send(here), AGAIN_MS);
}
