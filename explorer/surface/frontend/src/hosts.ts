/** What does the second bundle offer? The same surface where there is no server: a file on disk, a notebook (anywidget's `render`). */

import { Easel } from "./easel";
import { render } from "./notebook";
import { standalone } from "./standalone";
import { offerEasel } from "./surface";

offerEasel((shape, pad, events) => new Easel(shape, pad, events));

export default { render };

const root = document.getElementById("latent-atlas");
const data = document.getElementById("latent-atlas-book");
if (root && data) void standalone(root, data);
