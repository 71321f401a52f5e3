/** How does a picture from elsewhere come to the pad? Pasted, dropped, opened as a file; what is none is told so in a sentence. */

import type { Bitmap } from "../prepare/records";
import { bitmapOf } from "./intake";

export interface BroughtEvents {
  accept(bitmap: Bitmap, name: string): void;
  /** Says what could not be taken. */
  refuse(sentence: string): void;
  sentenceOf(error: unknown): string;
}

const NO_PICTURE = "There is no picture on the clipboard; copy a picture, not its address or text.";

export class Brought {
  private readonly pasted = (event: ClipboardEvent): void => this.paste(event);

  /** `element` takes what is dropped on it, `file` is the field for files. */
  constructor(
    element: HTMLElement,
    file: HTMLInputElement,
    private readonly events: BroughtEvents,
  ) {
    file.addEventListener("change", () => {
      const [chosen] = file.files ?? [];
      file.value = "";
      if (chosen) void this.bring(chosen, chosen.name);
    });
    element.addEventListener("dragover", (event) => event.preventDefault());
    element.addEventListener("drop", (event) => {
      event.preventDefault();
      const [dropped] = event.dataTransfer?.files ?? [];
      if (dropped) void this.bring(dropped, dropped.name);
      else events.refuse("No picture was dropped; drop a file of a picture.");
    });
    document.addEventListener("paste", this.pasted);
  }

  dispose(): void {
    document.removeEventListener("paste", this.pasted);
  }

  async readClipboard(): Promise<void> {
    try {
      for (const item of await navigator.clipboard.read()) {
        const kind = item.types.find((type) => type.startsWith("image/"));
        if (kind) return await this.bring(await item.getType(kind), "The pasted picture");
      }
      this.events.refuse(NO_PICTURE);
    } catch {
      this.events.refuse("The browser does not hand over the clipboard here; press Ctrl+V instead (⌘V on a Mac).");
    }
  }

  private paste(event: ClipboardEvent): void {
    const target = event.composedPath()[0];
    if (target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && target.type !== "range"))
      return;
    const [file] = event.clipboardData?.files ?? [];
    if (!file) return this.events.refuse(NO_PICTURE);
    event.preventDefault();
    void this.bring(file, "The pasted picture");
  }

  private async bring(file: Blob, name: string): Promise<void> {
    try {
      this.events.accept(await bitmapOf(file, name), name);
    } catch (error) {
      this.events.refuse(this.events.sentenceOf(error));
    }
  }
}
