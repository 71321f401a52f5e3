/** What does the third bundle offer? The surface with its pad, as a Streamlit component: fetched where someone asks for the pad, nowhere else. */

import { offerEasel } from "../editor/parts/own-pictures";
import { Easel } from "../pad/pad";

export { default } from "../hosts/streamlit";
export { prepare } from "../prepare/prepare";
export { mount } from "./surface";

offerEasel((shape, pad, events) => new Easel(shape, pad, events));
