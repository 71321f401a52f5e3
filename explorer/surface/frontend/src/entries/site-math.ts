/** What sets the formulas of a lesson on a web site without a server? KaTeX, as MathML, which browsers draw themselves: no fonts come along. */

import katex from "katex";
import { offerFormulas } from "../site/programs";

offerFormulas((tex, isDisplayed, element) =>
  katex.render(tex, element, {
    output: "mathml",
    displayMode: isDisplayed,
    trust: false,
    throwOnError: false,
    maxSize: 20,
  }),
);
