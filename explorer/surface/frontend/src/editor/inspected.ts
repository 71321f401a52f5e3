/** What do browser tests look at, that no host needs? */

import type { Panel } from "../kernel/extension";
import { looksOf } from "../layers/background/manifold";
import type { MapEditor } from "./map-editor";
import type { Viewport } from "./viewport";

export abstract class Inspected {
  protected abstract shown(): MapEditor;

  get stage(): MapEditor["context"]["stage"] {
    return this.shown().context.stage;
  }

  get pad(): MapEditor["parts"]["ownPictures"]["pad"] {
    return this.shown().parts.ownPictures.pad;
  }

  get manifold(): ReturnType<typeof looksOf> {
    return looksOf(this.shown().context.state.data);
  }

  get viewport(): Viewport {
    return this.shown().context.viewport;
  }

  panel(id: string): Panel | undefined {
    return this.shown().parts.panels.find((one) => one.id === id);
  }
}
