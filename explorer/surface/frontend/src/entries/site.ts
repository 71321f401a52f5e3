/** What are the pages of a web site without a server? Lists, runs, two runs beside each other, training, lessons: a plain script for all. */

import { SEARCHES } from "../data/all-searches";
import { offerSearches } from "../data/searches";
import { offerPad } from "../editor/parts/own-pictures";
import { Pad } from "../pad/pad";
import { openParts } from "../site/parts";
import { openSite } from "../site/site";

offerPad((shape, pad, events) => new Pad(shape, pad, events));
offerSearches(SEARCHES);
openParts();
const root = document.getElementById("latent-atlas-site");
const told = document.getElementById("latent-atlas-site-page");
if (root && told) void openSite(root, told.textContent ?? "");
