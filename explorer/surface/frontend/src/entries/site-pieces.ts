/** What shows the interactive pieces of lessons on a web site without a server? */

import { inSite } from "../hosts/lessons/pieces";
import { offerPieces } from "../site/programs";

offerPieces(inSite);
