/** What keeps a web site without a server for a time without network? A service worker, with the list of the site's files before it. */

import { begin, type WorkerScope } from "../site/worker";

begin(globalThis as unknown as WorkerScope);
