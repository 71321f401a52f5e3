/** How does a page hand a file to the person? As a download of a link that nobody sees. */

import { h } from "./dom";

export function save(name: string, data: Blob): void {
  const url = URL.createObjectURL(data);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
