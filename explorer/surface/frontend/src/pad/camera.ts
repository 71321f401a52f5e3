/** How is a picture taken with the camera? It is asked for when it is opened, and off again when a picture is taken. */

import type { Bitmap } from "../prepare/records";
import { h } from "../ui/dom";
import { cameraWords, pixelsOf } from "./intake";
import { button } from "./view";

export interface CameraEvents {
  taken(bitmap: Bitmap): void;
  /** A sentence, or null where an earlier one no longer holds. */
  refuse(sentence: string | null): void;
}

export class Camera {
  readonly element = h("div", { class: "la-sketch-camera", hidden: true });
  private readonly video = h("video", { muted: true, playsinline: true, "aria-label": "Camera" });
  private stream: MediaStream | null = null;

  constructor(private readonly events: CameraEvents) {
    const [take, close] = [button("Take the picture"), button("Close the camera")];
    take.addEventListener("click", () => this.take());
    close.addEventListener("click", () => this.close());
    this.element.append(this.video, h("div", { class: "la-row" }, take, close));
  }

  async open(): Promise<void> {
    this.events.refuse(null);
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      this.video.srcObject = this.stream;
      this.element.hidden = false;
      await this.video.play();
    } catch (error) {
      this.close();
      this.events.refuse(cameraWords(error));
    }
  }

  close(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
    this.element.hidden = true;
  }

  private take(): void {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (width === 0) return this.events.refuse("The camera gives no picture yet; wait a moment and press again.");
    this.events.taken(pixelsOf(this.video, width, height));
    this.close();
  }
}
