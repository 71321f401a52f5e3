/** What does the surface look like? One style sheet inside its own root, the pad's included; colours come from `theme`. */

import { unpackText } from "../wire/unpack";
import pad from "./pad.css";
import surface from "./surface.css";

export const STYLE = unpackText(surface) + unpackText(pad);
