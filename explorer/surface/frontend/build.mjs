// How does src/ become the committed files of ../dist? The same sources and versions give the same bytes.
//   surface.js   the surface, and Streamlit's entry         studio.js  the same with the drawing pad
//   hosts.js   the page around it with the pad: the file from disk, the notebook
//   clinic.js    the clinic's live charts
//   history.js   the app's entries in the browser's history
//   learner.js   what learns, as a worker's program
//   surface.css  page.css   their style sheets once more, because a page's policy names each by its hash

// `node build.mjs --out FOLDER` writes them into that folder instead (the check does: dist stays as it is while tests read it);
// `node build.mjs --watch FOLDER` too, unminified, and anew at every change (make dev).

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { relative } from "node:path";
import { build, context, transform } from "esbuild";
import { packed } from "./pack.mjs";
import { privateNames } from "./private-names.mjs";

/** d3's four ramps of one file are calls, which a bundler keeps although three are never used: said to be pure, those go. */
const unusedRamps = {
  name: "unused-ramps",
  setup: ({ onLoad }) =>
    onLoad({ filter: /viridis\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8"))
        .replaceAll(/(ramp|colors)\("?/g, (call) => `/* @__PURE__ */ ${call}`)
        .replace("function /* @__PURE__ */ ", "function "),
    })),
};

/** A style sheet as small text. The one in a program and the file beside it are the same bytes: a page's policy names them by hash. */
async function styleText(path) {
  const { code } = await transform(await readFile(`src/${path}.css`, "utf8"), {
    loader: "css",
    minify: true,
    charset: "utf8",
  });
  return code;
}

/** @param {string} text */
function packedText(text) {
  return Buffer.from(packed(Buffer.from(text))).toString("base64");
}

const styles = {
  name: "styles",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.css$/ }, async ({ path }) => ({
      contents: packedText(await styleText(relative(`${process.cwd()}/src`, path).replace(/\.css$/, ""))),
      loader: "text",
    })),
};

/** Public names that stay within the program all the same: the wire, hosts, pages and tests know none of them. */
const WITHIN = `
  accentText announce announceLater backgrounds cameraMoved canRedo canUndo choosePath decodeAs decodeShared
  decodedAs derived droppedAt editPins endGradient fitInto glideHome glideZoom gradientOf hasLabels hasPrior
  holdSpace hostKeepsPins hostTitle hostUpdates inPlace inputSize invalidate isAmongAll isAtHome isCompact isDead
  isEverywhere isFolded isKnown isNarrow isNewMap isNewRun isOnAtFirst isSameMap isTouch isWaitingForOriginals
  isWalking isWanted keepPath labelPx layOut layPlane leaveLater leavePlane loadOriginals maxScale meanKl meanZ
  minScale nearestShown onAccent originalOffset outputMany outputSize ownsPage paintAll perClass perGroup pinProbe
  pinning playback prefersDark priorShare probing reserve retheme rightOf runMany savePicture scrollToMap
  setBackground setColour setPlaying setShape setTiles showCursor showDecodedAs showEverything showGroups
  showHeading showHole showNearest showNearestIsStale showNow showPicture showPins showTrust showWords sideWidth
  spreadOf spreadOnMap spritesFor startPlace stratum studied takeSearches toPlace toggleBackground toggleOverlay
  togglePanel togglePlaying togglePresenting toggleRandomWalk toggleSide toggleTab toggleTool toggleWalk
  wantedMode watchers weightPlaces xBorders yBorders zoomStep
`;

/** How those differ that no page imports: a worker from an address of its own may be a plain program in every browser. */
const FORMS = { learner: { format: "iife", globalName: "latentLearner", banner: {} } };

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
  plugins: [unusedRamps, styles],
  banner: { js: "/* Latent Atlas surface. Contains parts of d3 (ISC, Mike Bostock). */" },
  mangleProps: new RegExp(`^(${[...privateNames("src"), ...WITHIN.trim().split(/\s+/)].join("|")})$`),
};
const watched = process.argv[2] === "--watch" ? process.argv[3] : null;
const out = watched ?? (process.argv[2] === "--out" ? process.argv[3] : "../dist");

function bundleOf(name) {
  const shared = { ...common, ...FORMS[name], entryPoints: [`src/entries/${name}.ts`], outfile: `${out}/${name}.js` };
  return watched ? { ...shared, minify: false, sourcemap: "inline", logLevel: "info" } : { ...shared, metafile: true };
}

await mkdir(out, { recursive: true });
for (const name of ["surface", "studio", "hosts", "clinic", "history", "learner"]) {
  if (watched) {
    await (await context(bundleOf(name))).watch();
    continue;
  }
  const { metafile } = await build(bundleOf(name));
  const [[path, { bytes }]] = Object.entries(metafile.outputs);
  console.log(`${path}: ${(bytes / 1000).toFixed(1)} kB`);
}
await writeFile(`${out}/surface.css`, (await styleText("ui/surface")) + (await styleText("ui/pad")));
await writeFile(`${out}/page.css`, await styleText("ui/page"));
