/** What does the film's program offer? The film of a training in the app, in a file, in a notebook; there beside the page's own program. */

import { showFilm } from "../hosts/film-beside";
import { FILM_PROGRAM } from "../hosts/page-film";

export { inApp as default } from "../hosts/film";
export { showFilm };

(window as Window & { [FILM_PROGRAM]?: typeof showFilm })[FILM_PROGRAM] = showFilm;
