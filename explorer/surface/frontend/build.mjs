// How does src/ become the committed files of ../dist? The same sources and versions give the same bytes.
//   surface.js   the surface, and Streamlit's entry         studio.js  the same with the drawing pad
//   hosts.js   the page around it with the pad: the file from disk, the notebook
//   clinic.js    the clinic's live charts
//   history.js   the app's entries in the browser's history, its links, and how they are shared
//   link.js      the same links where there is no server
//   learner.js   what learns, as a worker's program
//   train.js     the page that trains, with the learner's text in it
//   searches.js  what looks for true posteriors and geodesics, fetched when one of them is first asked for
//   sound.js     what plays piano rolls, fetched for runs whose pictures are some
//   lessons.js   watches a lesson's tasks, keeps how far a visitor is, and shows the terms of formulas
//   pieces.js    the interactive pieces beside a lesson's text
//   film.js      the film of a training that is over, in the map's place
//   site.js      the pages of a web site without a server; site-film.js, site-sound.js, site-train.js, site-math.js (KaTeX) and site-pieces.js come
//                when they are needed, site-worker.js keeps them for a time without network. All are plain scripts: a page from disk may load no module.
//   surface.css  page.css  charts.css  train.css  film.css  sound.css  share.css  site.css  pieces.css   their style sheets once more, because a page's policy names each by its hash

// `node build.mjs --out FOLDER` writes them into that folder instead (the check does: dist stays as it is while tests read it);
// `node build.mjs --watch FOLDER` too, unminified, and anew at every change (make dev).

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { build, context } from "esbuild";
import { packed } from "./pack.mjs";
import { privateNames } from "./private-names.mjs";

/** What d3 makes when it is loaded, used or not: a bundler keeps calls and reads of properties, unless they are said to be pure. */
const MADE = [
  [/viridis\.js$/, /(?<!function )(ramp|colors)\("?/g, (call) => `/* @__PURE__ */ ${call}`],
  [
    /d3-array\.mjs$/,
    /= (bisector\(\w+\)(\.center)?|ascendingBisect\.\w+|Blur2\(\w+\)|shuffler\(Math\.random\));/g,
    (_, made) => `= /* @__PURE__ */ (() => ${made})();`,
  ],
];
const unusedParts = {
  name: "unused-parts",
  setup: ({ onLoad }) => {
    for (const [filter, made, pure] of MADE)
      onLoad({ filter }, async ({ path }) => ({ contents: (await readFile(path, "utf8")).replaceAll(made, pure) }));
  },
};

/**
 * A style sheet with those that it imports, as small text, and the files that it was made of. The text in a program and the file beside it
 * are the same bytes: a page's policy names them by hash.
 */
async function styleSheet(path) {
  const { outputFiles, metafile } = await build({
    entryPoints: [`src/${path}.css`],
    bundle: true,
    minify: true,
    charset: "utf8",
    logLevel: "warning",
    write: false,
    metafile: true,
  });
  return { text: outputFiles[0].text, files: Object.keys(metafile.inputs).map((file) => resolve(file)) };
}

/** @param {string} text */
function packedText(text) {
  return Buffer.from(packed(Buffer.from(text))).toString("base64");
}

const styles = {
  name: "styles",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { text, files } = await styleSheet(relative(`${process.cwd()}/src`, path).replace(/\.css$/, ""));
      return { contents: packedText(text), loader: "text", watchFiles: files };
    }),
};

/** The learner's program as text: a worker is made of it where there is no other file. */
const learner = {
  name: "learner",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^learner-program$/ }, () => ({ path: "learner", namespace: "learner" }));
    onLoad({ filter: /.*/, namespace: "learner" }, async () => {
      const { outputFiles, metafile } = await build({ ...bundleOf("learner"), write: false, metafile: true });
      const watchFiles = Object.keys(metafile.inputs).map((path) => resolve(path));
      return { contents: outputFiles[0].text, loader: "text", watchFiles };
    });
  },
};

/** Pages that only look do without the kernels of gradients. */
const pageKernels = {
  name: "page-kernels",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/(modules|scalar)$/ }, ({ path, resolveDir }) => ({
      path: `${resolveDir}/page-${path.slice(2)}.ts`,
    })),
};

/** Public names that stay within the program all the same: the wire, hosts, pages and tests know none of them. */
const WITHIN = `
  accentText alongBorder announce announceLater backgrounds cameraMoved canDraw canRedo canUndo capacity chooseClass
  choosePath chords crowd decodeAs decodedAs decodeShared derived disposer droppedAt editPins endGradient fitInto flyTo
  fromClipboard glideHome glideZoom gradientOf handOver hasLabels hasPrior holdSpace hostKeepsPins hostTitle
  hostUpdates inPlace inputSize invalidate isAmongAll isAtHome isCompact isDark isDead isEmpty isEverywhere isFolded
  isJoined isKnown isLow isMinor isMixed isNarrow isNewMap isNewRun isOffered isOnAtFirst isRough isSameMap isSameRun
  isStill isTouch isWaitingForOriginals isWalking isWanted keepPath labelPx layOut layPlane leaveLater leavePlane
  listen loadOriginals logLikelihoods lookAt maxScale meanKl meanZ middles minScale muOf nearestShown numberOf ofWeight
  onAccent originalOffset outputMany outputSize overlays ownPictures ownsPage paintAll paletteEntries penWidth perClass
  perGroup picturesOf pinning pinProbe placeOf playback pointOf polygons prefersDark priorShare probing quantities
  readClipboard readers refuse reserve retheme rightOf runMany sampled savePicture sayOfHole scrollToMap sentenceOf
  setBackground setColour setPlaying setShape setTiles sharpness showCursor showDecodedAs showEverything showGroups
  showHeading showHole showName showNearest showNearestIsStale showNow showPicture showPins showTrust showWords
  sideWidth spreadOf spreadOnMap spritesFor startPlace stillness stratum studied takeSearches toCode toggleBackground
  toggleOverlay togglePanel togglePlaying togglePresenting toggleRandomWalk toggleSide toggleTab toggleTool toggleWalk
  toPlace wantedMode watchers weightPlaces xBorders yBorders zoomStep
`;

/** How those differ that no page imports: a worker from an address of its own may be a plain program in every browser. */
const FORMS = {
  learner: { format: "iife", globalName: "latentLearner", banner: {} },
  history: {
    banner: { js: "/* Latent Atlas. Contains uqr (MIT, Anthony Fu), after Nayuki's QR Code generator (MIT). */" },
  },
  link: {
    banner: { js: "/* Latent Atlas. Contains uqr (MIT, Anthony Fu), after Nayuki's QR Code generator (MIT). */" },
  },
  site: {
    format: "iife",
    banner: {
      js: "/* Latent Atlas. Contains parts of d3 (ISC, Mike Bostock) and uqr (MIT, Anthony Fu), after Nayuki's QR Code generator (MIT). */",
    },
  },
  "site-film": { format: "iife" },
  "site-sound": { format: "iife" },
  "site-train": { format: "iife" },
  "site-pieces": { format: "iife" },
  "site-math": {
    format: "iife",
    banner: { js: "/* Latent Atlas. Contains KaTeX (MIT, Khan Academy and other contributors). */" },
  },
  "site-worker": { format: "iife", banner: {} },
};
/** Those that learn, in a worker or in the page. */
const LEARNING = ["learner", "train", "site-train"];

const common = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2021",
  // browsers had fields before the rest of es2021, and they are shorter than assignments
  supported: { "class-field": true },
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  banner: { js: "/* Latent Atlas surface. Contains parts of d3 (ISC, Mike Bostock). */" },
  mangleProps: new RegExp(`^(${[...privateNames("src"), ...WITHIN.trim().split(/\s+/)].join("|")})$`),
};
const watched = process.argv[2] === "--watch" ? process.argv[3] : null;
const out = watched ?? (process.argv[2] === "--out" ? process.argv[3] : "../dist");

function bundleOf(name) {
  const plugins = [unusedParts, styles, learner, ...(LEARNING.includes(name) ? [] : [pageKernels])];
  const shared = {
    ...common,
    ...FORMS[name],
    plugins,
    entryPoints: [`src/entries/${name}.ts`],
    outfile: `${out}/${name}.js`,
  };
  if (name === "searches") shared.mangleCache = mangleCache;
  return watched ? { ...shared, minify: false, sourcemap: "inline", logLevel: "info" } : { ...shared, metafile: true };
}

/** What is fetched beside the surface calls the parts of both as the surface does. */
const { mangleCache } = await build({ ...bundleOf("surface"), mangleCache: {}, write: false });

await mkdir(out, { recursive: true });
for (const name of [
  "surface",
  "studio",
  "hosts",
  "clinic",
  "history",
  "link",
  "learner",
  "train",
  "film",
  "searches",
  "sound",
  "lessons",
  "pieces",
  "site",
  "site-film",
  "site-sound",
  "site-train",
  "site-math",
  "site-pieces",
  "site-worker",
]) {
  if (watched) {
    await (await context(bundleOf(name))).watch();
    continue;
  }
  const { metafile } = await build(bundleOf(name));
  const [[path, { bytes }]] = Object.entries(metafile.outputs);
  console.log(`${path}: ${(bytes / 1000).toFixed(1)} kB`);
}
const SHEETS = [
  ["surface", "ui/surface"],
  ["page", "ui/page"],
  ["charts", "charts/clinic"],
  ["share", "ui/share"],
  ["train", "train/train"],
  ["film", "replay/film"],
  ["sound", "sound/sound"],
  ["site", "site/site"],
  ["pieces", "pieces/pieces"],
];
for (const [name, path] of SHEETS) await writeFile(`${out}/${name}.css`, (await styleSheet(path)).text);
