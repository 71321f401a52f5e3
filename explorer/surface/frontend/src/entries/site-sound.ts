/** What plays piano rolls where no module can be imported, on a web site without a server and in a notebook? The program of `sound.ts`. */

import "./sound";
