/** What does the film's program give to a page without a server? The film of its run on the map that it shows. */

import { Replay } from "../replay/replay";
import { readFilmBundle } from "../wire/film";
import type { ShowFilm } from "./page-film";

export const showFilm: ShowFilm = async (bytes, { element, map, height, leave }) => {
  const { shown, film } = await readFilmBundle(bytes);
  const replay = new Replay(film, { ...(shown[map] ?? Object.values(shown)[0]), height }, leave);
  replay.showIn(element);
  return { refresh: () => replay.retheme(), destroy: () => replay.destroy() };
};
