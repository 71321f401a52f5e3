/** What trains on a web site without a server? The Train page, and a lesson's training, with the learner's text in it. */

import program from "learner-program";
import { inLesson } from "../hosts/train";
import { offerTraining } from "../site/programs";
import { inSite } from "../site/training";
import { readTraining } from "../wire/training";

offerTraining({
  inLesson: (parent, begin, images) => inLesson(program, parent, begin, readTraining(images)),
  inSite: (parent, images, offers) => inSite(program, parent, images, offers),
});
