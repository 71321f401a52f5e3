/** What searches for true posteriors and geodesics? A program that a map fetches when one of them is first asked for. */

export { SEARCHES as default } from "../data/all-searches";
