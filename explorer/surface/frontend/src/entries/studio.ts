/** What does the third bundle offer? The surface with its pad, as a Streamlit component: fetched where someone asks for the pad, nowhere else. */

import { Easel } from "../pad/pad";
import { offerEasel } from "../editor/editor";

export { default } from "../hosts/streamlit";
export { mount } from "./surface";
export { prepare } from "../prepare/prepare";

offerEasel((shape, pad, events) => new Easel(shape, pad, events));
