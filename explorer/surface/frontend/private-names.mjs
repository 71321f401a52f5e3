// Which names may be shortened in the bundles? Those that are private wherever they stand: declared `private`, and read from `this` alone.
//
// A bundler shortens variables but keeps the names of properties, because it cannot know who else reads them. The compiler knows of private
// ones that nobody does.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

function isPrivate(node) {
  return (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0;
}

/** `{ name }` in `const { name } = this`. */
function isTakenFromThis({ parent }) {
  const { parent: declaration } = parent;
  return ts.isVariableDeclaration(declaration) && declaration.initializer?.kind === ts.SyntaxKind.ThisKeyword;
}

/** Whether here the name is that of a private member; null where it names no property at all. */
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

export function privateNames(folder) {
  const found = new Set();
  const others = new Set();
  for (const entry of readdirSync(folder, { recursive: true }).filter((path) => path.endsWith(".ts"))) {
    const source = ts.createSourceFile(entry, readFileSync(join(folder, entry), "utf8"), ts.ScriptTarget.Latest, true);
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
