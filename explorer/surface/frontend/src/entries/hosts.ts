/** What does the second bundle offer? The same surface where there is no server: a file on disk, a notebook (anywidget's `render`). */

import { SEARCHES } from "../data/all-searches";
import { offerSearches } from "../data/searches";
import { offerPad } from "../editor/parts/own-pictures";
import { standalone } from "../hosts/html-file";
import { render } from "../hosts/notebook";
import { Pad } from "../pad/pad";

offerPad((shape, pad, events) => new Pad(shape, pad, events));
offerSearches(SEARCHES);

export { geodesicsOf } from "../kernel/geodesics";
export default { render };

const root = document.getElementById("latent-atlas");
const data = document.getElementById("latent-atlas-book");
if (root && data) void standalone(root, data);
