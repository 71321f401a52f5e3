/** Does a link say exactly what was on the screen, and is what it says wrongly left out in one sentence? */

import { expect, test } from "vitest";
import { linkedPart, packed, readScreen, unpacked, withScreen, writeScreen } from "../../src/hosts/screen/screen-url";
import type { Screen } from "../../src/kernel/screen";

const FIRST: Screen = {
  of: "mnist-20d/umap",
  camera: null,
  background: "none",
  overlays: ["rings"],
  tiles: "steps",
  colour: "class",
  hidden: [],
  tab: "details",
  isSideOpen: true,
  selection: [],
  groups: [],
  plane: null,
  probe: null,
  walk: null,
  film: null,
  strokes: [],
};

/** Numbers that are the same at every run (Numerical Recipes' generator). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function anyScreen(next: () => number): Screen {
  const whole = (n: number): number => Math.floor(next() * n);
  const some = (n: number, below: number): number[] => Array.from({ length: n }, () => whole(below));
  const near = (): number => Number((6 * next() - 3).toPrecision(6));
  const K = 2 + whole(20);
  const zeros = Array.from({ length: K - 2 }, () => 0);
  const turn = next() * 2 * Math.PI;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)].map((value) => Number(value.toPrecision(6)));
  const dots = Array.from({ length: 1 + whole(60) }, () => [whole(448) / 16, whole(448) / 16] as const);
  return {
    of: "mnist-20d/umap",
    camera: next() < 0.3 ? null : [near(), near(), 0.01 + whole(1000)],
    background: ["none", "manifold", "support"][whole(3)],
    overlays: ["rings", "labels", "images"].filter(() => next() < 0.5),
    tiles: ["steps", "shares"][whole(2)],
    colour: ["class", "kl", "reconstruction error"][whole(3)],
    hidden: [...new Set(some(whole(6), 11))],
    tab: ["details", "pins", "draw"][whole(3)],
    isSideOpen: next() < 0.5,
    selection: [...new Set(some(whole(300), 10000))].sort((a, b) => a - b),
    groups: Array.from({ length: whole(4) }, (_, i) => ({
      name: `${["Seven & 7", "ß ~ “b”!", "100 % = all?", "日本"][whole(4)]} ${i}`,
      indices: [...new Set(some(1 + whole(100), 10000))].sort((a, b) => a - b),
    })),
    probe: [
      null,
      { at: [near(), near()] as const, z: [], heading: "" },
      { at: [near(), near()] as const, z: Array.from({ length: K }, near), heading: "Pin A & “b”, 100 %" },
    ][whole(3)],
    film: next() < 0.5 ? null : Number(next().toPrecision(6)),
    walk:
      next() < 0.5
        ? null
        : {
            kind: (["linear", "spherical", "geodesic"] as const)[whole(3)],
            from: whole(3),
            to: 3 + whole(3),
            all: next() < 0.5,
          },
    plane:
      next() < 0.5
        ? null
        : {
            title: "Plane through A, ß “b” & #c",
            note: "100 % = all?",
            labels: ["from A to B", "z₃ + 1"],
            origin: Array.from({ length: K }, near),
            basis: [cos, ...zeros, sin, -sin, ...zeros, cos],
          },
    strokes: Array.from({ length: whole(5) }, () => ({
      tool: next() < 0.7 ? ("pen" as const) : ("eraser" as const),
      width: (1 + whole(80)) / 16,
      dots,
    })),
  };
}

test("what was written is read, and what is as at first is not written", () => {
  const next = random(7);
  for (let i = 0; i < 300; i++) {
    const screen = anyScreen(next);
    const { screen: read, complaint } = readScreen(`#${writeScreen(screen, FIRST)}`);
    expect({ ...FIRST, ...read }).toEqual(screen);
    expect(complaint).toBe("");
  }
  expect(writeScreen(FIRST, FIRST)).toBe("");
});

test("maps beside each other each find their own in one link, whichever was written last", () => {
  const next = random(11);
  for (let i = 0; i < 100; i++) {
    const screens = [1, 2, 3, 4].map(() => anyScreen(next));
    let link = writeScreen(screens[0], FIRST); // of the view before, which is gone
    const order = [...[1, 2, 3, 4].sort(() => next() - 0.5), 1 + Math.floor(4 * next())];
    for (const column of order) {
      if (column === order[4]) screens[column - 1] = anyScreen(next);
      link = withScreen(`#${link}`, writeScreen(screens[column - 1], FIRST, column), column);
    }
    const again = [4, 2, 1, 3].reduce((text, i) => withScreen(text, writeScreen(screens[i - 1], FIRST, i), i), "");
    expect(link).toBe(again); // in the order of the columns
    for (const column of [1, 2, 3, 4]) {
      const { screen, complaint } = readScreen(`#${link}`, column);
      expect({ ...linkedPart(FIRST, column), ...screen }).toEqual(linkedPart(screens[column - 1], column));
      expect(complaint).toBe("");
    }
    expect(readScreen(`#${link}`).screen).toEqual({});
    for (const column of order) link = withScreen(link, "", column);
    expect(link).toBe("");
  }
});

test("a literal link of two columns says of each its camera and layers, and of one what is looked at", () => {
  const link = "#v=1&of.1=mnist-2d/latent&cam.1=0.41_-1.2_7.5&at.1=1_2&of.2=mnist-20d/pca&bg.2=support&hide.2=3";
  expect(readScreen(link, 1).screen).toEqual({
    of: "mnist-2d/latent",
    camera: [0.41, -1.2, 7.5],
    probe: { at: [1, 2], z: [], heading: "" },
  });
  expect(readScreen(link, 2).screen).toEqual({ of: "mnist-20d/pca", background: "support", hidden: [3] });
  expect(readScreen(link, 3)).toEqual({ screen: {}, complaint: "" });
  expect(readScreen(link).screen).toEqual({});
  expect(readScreen(link.replace("0.41", "far"), 1).complaint).toContain("damaged");
});

test("numbers of any size come back, and take a byte where they are near each other", () => {
  const values = [0, -1, 1, 63, -64, 64, 1e6, -1e6, 2 ** 31, -(2 ** 31), 5];
  expect(unpacked(packed(values))).toEqual(values);
  expect(packed(Array.from({ length: 3000 }, (_, i) => 3 * i)).length).toBe(4000);
});

test("a literal link of version 1 is still understood", () => {
  const link =
    "#v=1&of=mnist-20d/umap&cam=0.41_-1.2_7.5&bg=manifold&over=rings_labels&hide=3_4&tab=pins&side=0&group=AAIEAg" +
    "&groups=Tall!AAIEAg&at=0.5_-1&walk=spherical_1_3_all";
  expect(readScreen(link)).toEqual({
    screen: {
      of: "mnist-20d/umap",
      camera: [0.41, -1.2, 7.5],
      background: "manifold",
      overlays: ["rings", "labels"],
      hidden: [3, 4],
      tab: "pins",
      isSideOpen: false,
      selection: [0, 1, 3, 4],
      groups: [{ name: "Tall", indices: [0, 1, 3, 4] }],
      probe: { at: [0.5, -1], z: [], heading: "" },
      walk: { kind: "spherical", from: 0, to: 2, all: true },
    },
    complaint: "",
  });
});

test("a damaged part is left out in a sentence, and the rest is read", () => {
  for (const bad of [
    "cam=1_2",
    "cam=1_2_-3",
    "cam=a_b_c",
    "cam=1_1e9_3",
    "hide=x",
    "side=yes",
    "group=!!",
    "group=gICAgICAgIA",
    "ink=AQ",
    "plane=a~b",
    "plane=a~b~x~y~0_0~0_0_0_0",
    "plane=a~b~x~y~0_0~1_0_1_0",
    "plane=a~b~x~y~0_0~3_0_0_1",
    "plane=a~b~x~y~0_0~1_0_0",
    "groups=AAIE",
    "groups=a!AAIE~",
    "groups=!AAIE",
    "groups=%25E0%25A4!AAIE",
    `groups=${"x".repeat(200)}!AAIE`,
    "at=1",
    "at=1_2~x",
    "at=1_2~3~a~b",
    "at=1e9_0",
    "film=2",
    "film=-0.1",
    "film=x",
    "walk=straight_1_2",
    "walk=linear_1_1",
    "walk=linear_0_2",
    "walk=linear_1_27",
    "walk=linear_1_2_some",
    "walk=linear_1_2_all_more",
  ]) {
    const { screen, complaint } = readScreen(`#v=1&of=a/b&tab=pins&${bad}`);
    expect(screen).toEqual({ of: "a/b", tab: "pins" });
    expect(complaint).toMatch(/^A part of this link is damaged/);
  }
});

test("a link cut anywhere, and any one letter changed, throws nothing and gives sound values alone", () => {
  const next = random(11);
  for (let i = 0; i < 40; i++) {
    const whole = writeScreen(anyScreen(next), FIRST);
    for (let k = 0; k < 25; k++) {
      const at = Math.floor(next() * whole.length);
      const letter = String.fromCharCode(33 + Math.floor(next() * 93));
      for (const text of [whole.slice(0, at), whole.slice(0, at) + letter + whole.slice(at + 1)]) {
        const { screen } = readScreen(text);
        if (screen.camera) expect(screen.camera.every(Number.isFinite)).toBe(true);
        for (const { dots, width } of screen.strokes ?? [])
          expect([width, ...dots.flat()].every((value) => Math.abs(value) <= 1e5)).toBe(true);
        if (screen.plane) expect(screen.plane.basis.length).toBe(2 * screen.plane.origin.length);
      }
    }
  }
});

test("nothing is read of another version, of a foreign fragment, or of one that is far too long", () => {
  expect(readScreen("#v=2&cam=0_0_1")).toEqual({ screen: {}, complaint: expect.stringMatching(/another version/) });
  expect(readScreen("#some-heading")).toEqual({ screen: {}, complaint: "" });
  expect(readScreen("#map=pca&pins=1_2")).toEqual({ screen: {}, complaint: "" }); // an exported page's
  expect(readScreen(`#v=1&ink=${"A".repeat(50_000)}`).screen).toEqual({});
});
