/** What does the second bundle offer? The same surface where there is no server: a file on disk, a notebook (anywidget's `render`). */

import { render } from "./notebook";
import { standalone } from "./standalone";

export default { render };

const root = document.getElementById("latent-atlas");
const data = document.getElementById("latent-atlas-book");
if (root && data) void standalone(root, data);
