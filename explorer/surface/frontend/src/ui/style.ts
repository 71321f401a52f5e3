/** What does the surface look like? One style sheet inside its own root, of the parts that `surface.css` lists; colours come from `theme`. */

import { unpackText } from "../wire/unpack";
import surface from "./surface.css";

export const STYLE = unpackText(surface);
