/** What does the third bundle offer? The surface with its pad, as a Streamlit component: fetched where someone asks for the pad, nowhere else. */

import { offerPad } from "../editor/parts/own-pictures";
import { Pad } from "../pad/pad";

export { default } from "../hosts/streamlit";
export { prepare } from "../prepare/prepare";
export { mount } from "./surface";

offerPad((shape, pad, events) => new Pad(shape, pad, events));
