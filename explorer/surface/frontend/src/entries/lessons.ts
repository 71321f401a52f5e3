/** The lessons' part in the browser: it watches tasks and keeps how far a visitor is. */

export { inApp as default } from "../hosts/lessons";
