/** How does the surface live in a Streamlit page? Components v2 calls the default export again whenever data or theme change. */

import { SurfaceView, type Surface } from "./surface";

interface StreamlitComponent {
  readonly parentElement: HTMLElement | ShadowRoot;
  readonly data: unknown;
  readonly key: string;
  setStateValue(name: string, value: unknown): void;
  setTriggerValue(name: string, value: unknown): void;
}

interface Mounted {
  readonly surface: Surface;
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

function mountIn(parent: HTMLElement | ShadowRoot, data: Uint8Array, component: StreamlitComponent): Mounted {
  const surface = new SurfaceView(parent, data, {
    onPin: (pin) => {
      // the nonce makes two pins at one place two events
      const now = mounted.get(parent)?.component ?? component;
      now.setTriggerValue("pin", { ...pin, nonce: `${Date.now()}-${++nonce}` });
    },
  });
  const here: Mounted = { surface, component, calls: 0 };
  mounted.set(parent, here);
  return here;
}
