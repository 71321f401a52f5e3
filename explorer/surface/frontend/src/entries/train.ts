/** What does the Train page's program offer? The page for the app, the notebook and a file, and the door to a training for whoever brings a page. */

import program from "learner-program";
import { inApp, inFile, inNotebook } from "../hosts/train";

export { dense } from "../engine/learning/architectures";
export { openTraining } from "../engine/learning/training";
export { program };

/** Streamlit calls it with a component, anywidget without anything. */
export default function train(component?: Parameters<typeof inApp>[1]): unknown {
  if (component) return inApp(program, component);
  return { render: (given: Parameters<typeof inNotebook>[1]) => inNotebook(program, given) };
}

const root = document.getElementById("latent-train");
const data = document.getElementById("latent-train-images");
if (root && data) inFile(program, root, data);
