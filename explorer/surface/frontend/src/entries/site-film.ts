/** What shows the film of a training on a web site without a server? The program of `film.ts` as a plain script. */

import { showFilm } from "../hosts/film-beside";
import { FILM_PROGRAM } from "../hosts/page-film";

(window as Window & { [FILM_PROGRAM]?: typeof showFilm })[FILM_PROGRAM] = showFilm;
