/** Is what is shared the page's own address, and said to be shorter where a QR code has no room for it? */

import { expect, test } from "vitest";
import { codeOf, codeWords, encoded, QUIET, reach, withoutKeys } from "../../src/hosts/share-link";

const LINK = "http://atlas.example/?run=mnist-2d&pins=1_2~3_4&stops=5_6#v=1&of=mnist-2d/latent&walk=linear_1_2";

/** Noise, which no code packs better than letter by letter. */
function letters(n: number): string {
  return Array.from({ length: n }, (_, i) => String.fromCharCode(97 + ((i * 7919) % 26))).join("");
}

test("a code has the three marks of its corners, and a quiet zone of four squares around them", () => {
  const code = encoded(LINK) ?? [];
  const side = code.length;
  expect((side - 2 * QUIET - 17) % 4).toBe(0);
  for (const i of [0, QUIET - 1, side - QUIET, side - 1])
    expect([...code[i], ...code.map((row) => row[i])].some(Boolean)).toBe(false);
  const mark = [0, 1, 2, 3, 4, 5, 6].map((i) => code[QUIET + 3][QUIET + i]); // its middle row
  expect(mark).toEqual([true, false, true, true, true, false, true]);
});

test("a link that has room is in the code as it is", () => {
  expect(codeOf(LINK)).toMatchObject({ link: LINK, without: [] });
  expect(codeWords({ without: [] })).toBe("");
});

test("what is long is left out, the longest first, until a code has room, and it is said", () => {
  const long = `${LINK}&ink=${letters(4000)}&groups=a!${letters(4000)}`;
  const shared = codeOf(long);
  expect(shared).toMatchObject({ link: LINK, without: ["the drawing", "the saved groups"] });
  expect(codeWords(shared ?? { without: [] })).toBe(
    "The link is too long for a QR code, which leaves out the drawing and the saved groups; the link itself has everything.",
  );
  expect(codeOf(`${LINK}&ink=${letters(4000)}`)?.without).toEqual(["the drawing"]);
  expect(codeOf(`http://a/?run=r&pins=${letters(4000)}#walk=linear_1_2&tab=pins`)).toMatchObject({
    link: "http://a/?run=r#tab=pins",
    without: ["the pins"],
  });
  expect(codeOf(`http://a/?run=${letters(4000)}`)).toBeNull();
});

test("parameters go from query and fragment, and what is left is a link", () => {
  expect(withoutKeys(LINK, ["pins", "walk"])).toBe(
    "http://atlas.example/?run=mnist-2d&stops=5_6#v=1&of=mnist-2d/latent",
  );
  expect(withoutKeys("file:///a/b%20c.html#pins=1_2", ["pins"])).toBe("file:///a/b%20c.html");
  expect(withoutKeys("http://a/?pins=1#ink=2", ["pins", "ink"])).toBe("http://a/");
});

test("who cannot open it is said", () => {
  for (const hostname of ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
    expect(reach({ protocol: "http:", hostname })).toMatch(/nobody else can open it/);
  for (const hostname of ["192.168.1.7", "atlas.example", "127.0.0.1.example"])
    expect(reach({ protocol: "http:", hostname })).toBe("");
  expect(reach({ protocol: "file:", hostname: "" })).toMatch(/send the file along/);
});
