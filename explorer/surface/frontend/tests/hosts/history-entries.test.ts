/** Is there one entry for what a person did, and none for what a page does by itself? Held against a history written in ten lines. */

import { expect, test } from "vitest";
import { type Browser, HistoryEntries } from "../../src/hosts/history-entries";

/** A browser's history, as the standard has it. */
class FakeBrowser implements Browser {
  entries = ["http://atlas/"];
  at = 0;
  private heard: (() => void)[] = [];
  readonly history = {
    pushState: (_state: unknown, _unused: string, url?: string | URL | null): void => {
      this.entries = [...this.entries.slice(0, this.at + 1), new URL(String(url), this.location.href).href];
      this.at++;
    },
    replaceState: (_state: unknown, _unused: string, url?: string | URL | null): void => {
      this.entries[this.at] = new URL(String(url), this.location.href).href;
    },
  };

  get location(): URL {
    return new URL(this.entries[this.at]);
  }

  addEventListener(_type: "popstate", run: () => void): void {
    this.heard.push(run);
  }

  go(by: number): void {
    this.at += by;
    for (const run of this.heard) run();
  }
}

function opened(): { browser: FakeBrowser; entries: HistoryEntries } {
  const browser = new FakeBrowser();
  return { browser, entries: new HistoryEntries(browser) };
}

test("a bound widget's replaced address is an entry of its own once the rerun is over", () => {
  const { browser, entries } = opened();
  browser.history.replaceState({}, "", "/?view=compare");
  entries.settle();
  expect(browser.entries).toEqual(["http://atlas/", "http://atlas/?view=compare"]);
});

test("all that one rerun writes is one entry, and the fragment stays", () => {
  const { browser, entries } = opened();
  browser.history.replaceState({}, "", "/#x=1");
  browser.history.replaceState({}, "", "/?view=compare#x=1");
  browser.history.pushState({}, "", "/?view=compare&with=a");
  browser.history.pushState({}, "", "/?view=compare&with=a&image=3");
  entries.settle();
  expect(browser.entries).toEqual(["http://atlas/#x=1", "http://atlas/?view=compare&with=a&image=3#x=1"]);
});

test("a fragment alone, and a rerun that changes nothing, make no entry", () => {
  const { browser, entries } = opened();
  for (let i = 0; i < 20; i++) {
    browser.history.replaceState({}, "", `/#cam=${i}`);
    entries.settle();
  }
  expect(browser.entries).toEqual(["http://atlas/#cam=19"]);
});

test("going back and what Python corrects meanwhile makes no entry, and what is done next does", () => {
  const { browser, entries } = opened();
  for (const search of ["?pins=1", "?pins=1~2"]) {
    browser.history.pushState({}, "", `/${search}`);
    entries.settle();
  }
  browser.go(-1);
  browser.history.replaceState({}, "", "/?pins=1.0");
  entries.settle();
  expect(browser.entries).toEqual(["http://atlas/", "http://atlas/?pins=1.0", "http://atlas/?pins=1~2"]);
  browser.history.pushState({}, "", "/?pins=1.0~3");
  entries.settle();
  expect(browser.entries).toEqual(["http://atlas/", "http://atlas/?pins=1.0", "http://atlas/?pins=1.0~3"]);
  browser.go(-2);
  expect(browser.location.href).toBe("http://atlas/");
});

test("what a rerun that was cut short brings late is put right, in the entry that is there", () => {
  const { browser, entries } = opened();
  browser.history.replaceState({}, "", "/?embed=true#cam=1"); // the person is on the first view again
  browser.history.pushState({}, "", "/?embed=true&view=compare&with=a"); // and this comes late
  entries.settle();
  const { length } = browser.entries;
  entries.correct("");
  expect(browser.location.href).toBe("http://atlas/?embed=true#cam=1");
  expect(browser.entries).toHaveLength(length);
  entries.correct("");
  entries.settle();
  expect(browser.entries).toHaveLength(length);
});

test("an address that says the same in another order is left as it is", () => {
  const { browser, entries } = opened();
  browser.history.replaceState({}, "", "/?with=a%3Aumap&view=compare#x=1");
  entries.settle();
  entries.correct("view=compare&with=a:umap");
  expect(browser.location.href).toBe("http://atlas/?with=a%3Aumap&view=compare#x=1");
});

test("Back is not undone while its page is on the way", () => {
  const { browser, entries } = opened();
  browser.history.pushState({}, "", "/?pins=1");
  entries.settle();
  browser.go(-1);
  entries.correct("pins=1");
  expect(browser.location.href).toBe("http://atlas/");
});

test("Back before the rerun is over leads to what was there before it", () => {
  const { browser, entries } = opened();
  browser.history.pushState({}, "", "/?pins=1");
  entries.settle();
  entries.setFragment("cam=1");
  browser.history.replaceState({}, "", "/?pins=1&view=dimensions");
  browser.go(-1);
  expect(browser.location.href).toBe("http://atlas/?pins=1#cam=1");
  entries.correct("pins=1&view=dimensions"); // the rerun that was cut short
  entries.settle();
  entries.correct("pins=1");
  expect(browser.location.href).toBe("http://atlas/?pins=1#cam=1");
  expect(browser.entries).toEqual([
    "http://atlas/",
    "http://atlas/?pins=1#cam=1",
    "http://atlas/?pins=1&view=dimensions#cam=1",
  ]);
});
