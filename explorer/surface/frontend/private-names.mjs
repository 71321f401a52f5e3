// Which names may be shortened in the bundles? Those that are private wherever they stand: declared `private`, and read from `this` alone.
//
// A bundler shortens variables but keeps the names of properties, because it cannot know who else reads them. Private
// ones are read by their class alone, as the compiler checks.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** @param {ts.Declaration} node */
function isPrivate(node) {
  return (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0;
}

/**
 * `{ name }` in `const { name } = this`.
 * @param {ts.BindingElement} node
 */
function isTakenFromThis({ parent }) {
  const { parent: declaration } = parent;
  return ts.isVariableDeclaration(declaration) && declaration.initializer?.kind === ts.SyntaxKind.ThisKeyword;
}

/**
 * Whether here the name is that of a private member; null where it names no property at all.
 * @param {ts.Identifier | ts.StringLiteralLike} node
 * @returns {boolean | null}
 */
function usage(node) {
  const { parent } = node;
  if (ts.isStringLiteralLike(node)) return false;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node)
    return parent.expression.kind === ts.SyntaxKind.ThisKeyword;
  if (ts.isBindingElement(parent) && ts.isObjectBindingPattern(parent.parent)) {
    if (parent.propertyName) return parent.propertyName === node ? isTakenFromThis(parent) : null;
    return parent.name === node && !parent.dotDotDotToken ? isTakenFromThis(parent) : null;
  }
  if (ts.isParameter(parent) && parent.name === node)
    return ts.isParameterPropertyDeclaration(parent, parent.parent) ? isPrivate(parent) : null;
  if (ts.isShorthandPropertyAssignment(parent) || ts.isJsxAttribute(parent)) return false;
  if (ts.isClassElement(parent) && parent.name === node) return isPrivate(parent);
  if ((ts.isTypeElement(parent) || ts.isObjectLiteralElementLike(parent)) && parent.name === node) return false;
  return null;
}

/**
 * @param {string} folder of TypeScript
 * @returns {string[]} in order
 */
export function privateNames(folder) {
  /** @type {Set<string>} */
  const found = new Set();
  /** @type {Set<string>} */
  const others = new Set();
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
  for (const entry of files) {
    const source = ts.createSourceFile(entry, readFileSync(join(folder, entry), "utf8"), ts.ScriptTarget.Latest, true);
    /** @param {ts.Node} node */
    const visit = (node) => {
      if (ts.isIdentifier(node) || ts.isStringLiteralLike(node)) {
        const isOwn = usage(node);
        if (isOwn !== null) (isOwn ? found : others).add(node.text);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return [...found].filter((name) => !others.has(name)).sort();
}
