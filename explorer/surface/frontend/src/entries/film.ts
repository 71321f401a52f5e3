/** What does the film's program offer? The film of a training in the app, fetched where somebody asks for it. */

export { inApp as default } from "../hosts/film";
