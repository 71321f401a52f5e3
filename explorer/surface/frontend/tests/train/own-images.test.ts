/** Are a person's own pictures what they meant, and is what cannot be one told in a sentence? */

import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { coarse, drawingWords } from "../../src/train/own-images/drawing";
import { findPictures, type GivenFile } from "../../src/train/own-images/files";
import { isColoured, planes } from "../../src/train/own-images/pictures";
import { classesOf, divided, type Gathered } from "../../src/train/own-images/records";
import { readTable } from "../../src/train/own-images/table";

const ROW = [0, 1, 2, 255];

function file(name: string, content: Uint8Array | string, folder = ""): GivenFile {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return {
    name,
    size: bytes.length,
    ...(folder ? { webkitRelativePath: `${folder}/${name}` } : {}),
    arrayBuffer: async () => bytes.slice().buffer,
  };
}

async function tableOf(text: string): Promise<Gathered> {
  const found = await readTable(text);
  if (!found) throw new Error("it was not wanted");
  return found;
}

describe("a table", () => {
  test("with numbered columns, as pandas writes it, has one picture less than rows", async () => {
    const numbers = Array.from({ length: 16 }, (_, k) => k);
    const found = await tableOf(
      [numbers, numbers.map(() => 16), numbers.map(() => 0)].map((row) => row.join(",")).join("\n"),
    );
    expect(found.labels).toHaveLength(2);
    expect([...found.pixels.subarray(0, 16)]).toEqual(Array(16).fill(255));
  });

  test("that is not wanted any more is given up", async () => {
    expect(await readTable("0,1,2,255\n0,0,0,0", undefined, () => false)).toBeNull();
  });

  test("of too many kinds of labels has no classes, and says so", async () => {
    const rows = Array.from({ length: 1001 }, (_, i) => `${i},0,0,0,0`);
    const found = await tableOf(["label,a,b,c,d", ...rows].join("\n"));
    expect(found.classNames).toEqual([]);
    expect(found.notes).toContain("1001 different labels were left out; allowed: at most 1000 classes.");
  });

  test("is pixels, with a named column of labels wherever it stands", async () => {
    const found = await tableOf(`px0,px1,label,px2,px3\n0,1,cat,2,255\n9,8,dog,7,6\n`);
    expect(found.imageShape).toEqual([1, 2, 2]);
    expect([...found.pixels]).toEqual([...ROW, 9, 8, 7, 6]);
    expect(found.classNames).toEqual(["cat", "dog"]);
    expect([...found.labels]).toEqual([0, 1]);
  });

  test("may have no header, semicolons, quotes and a byte order mark", async () => {
    expect([...(await tableOf(`\ufeff0;1;2;255\r\n0;0;0;0\r\n`)).pixels]).toEqual([...ROW, 0, 0, 0, 0]);
    expect((await tableOf(`"label",a,b,c,d\n"10",0,1,2,255\n"9",0,0,0,0`)).classNames).toEqual(["9", "10"]);
  });

  test("of grey levels up to 16 or 1 is stretched to white, and says so", async () => {
    const found = await tableOf("0,8,16,4\n0,0,0,1");
    expect([...found.pixels.subarray(0, 4)]).toEqual([0, 128, 255, 64]);
    expect(found.notes).toEqual(["A pixel of 16 was taken for white."]);
    expect([...(await tableOf("0,0.5,1,0.2\n0,0,0,0")).pixels.subarray(0, 4)]).toEqual([0, 128, 255, 51]);
  });

  test.each([
    ["1,2,3\n4,5,6", "The table has 3 columns, none of them named label"],
    ["0,1,2,255\n0,1,2", "Line 2 of the table has 3 columns, the first has 4."],
    ["0,1,2,255\n0,1,2,x", "Line 2, column 4 of the table is “x”"],
    ["0,1,2,256\n0,1,2,3", "The table has a pixel of 256"],
    ["0,1,2,-3\n0,1,2,3", "column 4 of the table is “-3”"],
    ["label,a,b,c,d\n", "The table has no row of numbers"],
    ["", "The table has no row of numbers"],
  ])("%j is refused", async (text, sentence) => {
    await expect(readTable(text)).rejects.toThrow(sentence);
  });
});

describe("files", () => {
  const png = Uint8Array.of(1, 2, 3);

  test("take their class from the nearest folder that is no division", async () => {
    const found = await findPictures([
      file("1.png", png, "photos/train/cats"),
      file("2.JPG", png, "photos/cats/train"),
      file("3.png", png),
    ]);
    expect(found.pictures.map(({ className }) => className)).toEqual(["cats", "cats", ""]);
  });

  test("are found in a zip, without litter", async () => {
    const zip = zipSync({
      "a/1.png": png,
      "__MACOSX/a/._1.png": png,
      "a/.hidden.png": png,
      "b/2.webp": png,
      "t.csv": new TextEncoder().encode("0,1,2,3"),
      "notes.txt": png,
    });
    const found = await findPictures([file("all.zip", zip)]);
    expect(found.pictures.map(({ path }) => path)).toEqual(["a/1.png", "b/2.webp"]);
    expect(found.tables).toEqual(["0,1,2,3"]);
  });

  test("that are no pictures are counted by name", async () => {
    expect(await findPictures([file("x.txt", "?"), file("y.docx", "?")])).toMatchObject({
      other: 2,
      otherName: "x.txt",
    });
  });

  test("that are damaged or too large are refused", async () => {
    await expect(findPictures([file("all.zip", "no zip")])).rejects.toThrow("“all.zip” is not a zip, or is damaged");
    const large: GivenFile = { ...file("a.png", png), size: 2 ** 30 };
    await expect(findPictures([large])).rejects.toThrow("The files have 1024 MB; allowed: 512 MB.");
  });

  test("of a zip that unpacks to too much are refused before they are unpacked", async () => {
    const zip = zipSync({ "a.png": new Uint8Array(1000) });
    // the size that the directory of the zip claims: found by its signature, at its place 24
    const view = new DataView(zip.buffer);
    const at = zip.findIndex((_, i) => i + 4 <= zip.length && view.getUint32(i, true) === 0x02014b50);
    view.setUint32(at + 24, 2 ** 30, true);
    await expect(findPictures([file("bomb.zip", zip)])).rejects.toThrow("unpacks to more than 512 MB");
  });
});

describe("a division", () => {
  const gathered = (labels: number[]): Gathered => ({
    imageShape: [1, 1, 1],
    pixels: Uint8Array.from(labels, (_, i) => i),
    labels: Int32Array.from(labels),
    classNames: ["a", "b"],
    notes: [],
  });

  test("holds a fifth of every class back, and loses nothing", () => {
    const own = divided(gathered([...Array(20).fill(0), ...Array(30).fill(1)]));
    expect([own.train.length, own.test.length]).toEqual([40, 10]);
    expect([...own.train, ...own.test].sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
    const all = [...own.train, ...own.test];
    expect([...own.labels]).toEqual(all.map((pixel) => (pixel < 20 ? 0 : 1)));
    expect([...own.test].filter((pixel) => pixel < 20)).toHaveLength(4);
  });

  test("holds something back of many small classes, too", () => {
    const own = divided(gathered([0, 0, 0, 0, 1, 1, 1, 1, -1, -1]));
    expect([own.train.length, own.test.length]).toEqual([8, 2]);
  });

  test("of too few is refused", () => {
    expect(() => divided(gathered([0, 1]))).toThrow("There are 2 pictures; allowed: 10 to 20000.");
  });

  test("names its classes in natural order; one alone is none", () => {
    expect(classesOf(["10", "9", "", "10"])).toEqual({ labels: Int32Array.of(1, 0, -1, 1), classNames: ["9", "10"] });
    expect(classesOf(["cats", "cats"]).classNames).toEqual([]);
  });
});

test("grey pictures have one channel, coloured ones three planes", () => {
  const grey = Uint8ClampedArray.of(10, 12, 11, 255);
  const red = Uint8ClampedArray.of(200, 10, 20, 255, 1, 2, 3, 255);
  expect([isColoured(grey), isColoured(red)]).toEqual([false, true]);
  expect([...planes(red, 3)]).toEqual([200, 1, 10, 2, 20, 3]);
  expect([...planes(grey, 1)]).toEqual([Math.round(0.299 * 10 + 0.587 * 12 + 0.114 * 11)]);
});

test("a drawing is learned from as the mean of the finer pixels", () => {
  const fine = new Uint8ClampedArray(4 * 16);
  [0, 40, 80, 120, 160, 200, 240, 255].forEach((grey, i) => {
    fine[4 * i] = grey;
  });
  expect([...coarse(fine, 2, 2)]).toEqual([100, (80 + 120 + 240 + 255) / 4, 0, 0].map(Math.round));
});

test("what was drawn is told by class, with what is wanting", () => {
  expect(drawingWords([])).toContain("10 drawings at least");
  expect(drawingWords(["A", "A", "", "B"])).toBe("2 of A, 1 of no class, 1 of B; 6 more at least.");
  expect(drawingWords(Array.from({ length: 10 }, () => "A"))).toBe("10 of A.");
});
