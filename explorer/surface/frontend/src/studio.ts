/** What does the third bundle offer? The surface with its pad, as a Streamlit component: fetched where someone asks for the pad, nowhere else. */

import { Easel } from "./easel";
import { offerEasel } from "./surface";

export { default } from "./streamlit";
export { mount } from "./index";
export { prepare } from "./prepare/prepare";

offerEasel((shape, pad, events) => new Easel(shape, pad, events));
