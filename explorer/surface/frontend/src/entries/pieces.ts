/** The interactive pieces of lessons, as a Streamlit component; loaded where a lesson shows one. */

export { inApp as default } from "../hosts/lessons/pieces";
