/** The lessons' part in the browser: it watches tasks and keeps how far a visitor is, and shows the terms of formulas. */

import { termsInApp } from "../hosts/lesson/terms";
import { inApp } from "../hosts/lessons";

type Component = Parameters<typeof inApp>[0];

export default function lessons(component: Component): (() => void) | undefined {
  return termsInApp(component) ?? inApp(component);
}
