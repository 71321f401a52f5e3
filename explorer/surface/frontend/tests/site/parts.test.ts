import { expect, test } from "vitest";
import { allowed } from "../../src/site/parts";

test("only the site's own files may become a script", () => {
  for (const file of [
    "assets/site.0a1b.js",
    "runs/mnist-2d.rest.0a1b.js",
    "data/index.0a1b.js",
    "lessons/08-x.de.0a1b.js",
    "sw.js",
  ])
    expect(allowed(file)).toBe(file);
  for (const file of [
    "https://example.org/x.js",
    "//example.org/x.js",
    "../x.js",
    "runs/../x.js",
    "runs/x.js?y",
    "javascript:x.js",
    "runs/.js",
    "other/x.js",
    "runs/a/b.js",
    "data:text/javascript,x.js",
    "",
  ])
    expect(() => allowed(file), file).toThrow("not a file of this site");
});
