/** When does a task's condition hold? Comparisons of what is on the screen with numbers and names; nothing is evaluated as a program. */

import type { Watched } from "../data/watched";
import type { Comparison, LessonClause } from "../wire/schema";

/** What is not known yet is neither equal nor unequal to anything. */
export function holds(clauses: readonly LessonClause[], watched: Watched): boolean {
  return clauses.every((clause) => isTrue(clause, watched));
}

function isTrue({ subject, of, relation, value }: LessonClause, { numbers, names }: Watched): boolean {
  if (typeof value === "string") return isNamed(relation, names[subject] ?? [], value);
  const number = of === "" ? numbers[subject] : countOf(subject, of, { numbers, names });
  return number !== null && number !== undefined && compares(relation, number, value);
}

/** Pins of a class are counted by name; of a dimension there is a number of its own. */
function countOf(subject: string, of: string, { numbers, names }: Pick<Watched, "numbers" | "names">): number | null {
  const listed = names[subject];
  return listed ? listed.filter((name) => name === of).length : (numbers[`${subject} ${of}`] ?? null);
}

function isNamed(relation: Comparison, found: readonly string[], wanted: string): boolean {
  return relation === "=" ? found.includes(wanted) : relation === "!=" && !found.includes(wanted);
}

function compares(relation: Comparison, number: number, value: number): boolean {
  switch (relation) {
    case "<":
      return number < value;
    case "<=":
      return number <= value;
    case ">":
      return number > value;
    case ">=":
      return number >= value;
    case "=":
      return number === value;
    default:
      return number !== value;
  }
}
