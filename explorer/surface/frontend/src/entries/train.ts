/**
 * What does the Train page's program offer? The page for the app, the notebook and a file, a view of what the server trains, and the door to a
 * training for whoever brings a page.
 */

import program from "learner-program";
import { inApp, inFile, inNotebook } from "../hosts/train";
import { watches, watchInApp } from "../hosts/watch";

export { dense } from "../engine/learning/architectures";
export { openTraining } from "../engine/learning/training";
export { program };

/** Streamlit calls it with a component, anywidget without anything. */
export default function train(component?: Parameters<typeof watchInApp>[0]): unknown {
  if (component) return watches(component) ? watchInApp(component) : inApp(program, component);
  return { render: (given: Parameters<typeof inNotebook>[1]) => inNotebook(program, given) };
}

const root = document.getElementById("latent-train");
const data = document.getElementById("latent-train-images");
if (root && data) inFile(program, root, data);
