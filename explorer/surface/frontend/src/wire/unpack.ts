/** How do packed kernels and style sheets become what they were? `pack.mjs` says how they are packed. */

const SHORTEST = 3;

/** packed: in base64. */
export function unpack(packed: string): Uint8Array<ArrayBuffer> {
  const text = atob(packed);
  const out: number[] = [];
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = text.charCodeAt(at++);
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < text.length) {
    const head = number();
    const isCopied = head & 1;
    const distance = isCopied && number();
    for (let left = (head >> 1) + isCopied * SHORTEST; left > 0; left--)
      out.push(isCopied ? out[out.length - distance] : text.charCodeAt(at++));
  }
  return Uint8Array.from(out);
}

/** A style sheet. */
export function unpackText(packed: string): string {
  return new TextDecoder().decode(unpack(packed));
}
