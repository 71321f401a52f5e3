/** The lessons' part in the browser: it watches tasks and keeps how far a visitor is, and shows the terms of formulas. */

import { inApp } from "../hosts/lessons";
import { termsInApp } from "../hosts/lessons/terms";

type Component = Parameters<typeof inApp>[0];

export default function lessons(component: Component): (() => void) | undefined {
  return termsInApp(component) ?? inApp(component);
}
