/** Which points lie in a loop that is drawn by hand? */

import { outlineTool } from "../kernel/outline-tool";

export const lasso = outlineTool(
  {
    id: "lasso",
    name: "Drag draws a loop that selects points",
    key: "x",
    icon: "select",
    help: ["x  b", "drag draws a loop, or a box, that selects points; without a mouse: in the tab Group"],
  },
  (outline, place) => [...outline, place],
);
