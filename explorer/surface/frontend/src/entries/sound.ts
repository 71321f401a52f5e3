/** What plays piano rolls? A program that a map fetches whose pictures are some; in a file it stands before the map's own. */

import { SoundBar } from "../sound/bar";
import { type ShowSound, SOUND_PROGRAM, type Sounding } from "../sound/program";

const showSound: ShowSound = (element, halt) => new SoundBar(element, halt);

(window as Sounding)[SOUND_PROGRAM] = showSound;
export default showSound;
