import { agoText, countText, durationText, sizeText, timeText } from "../../../cli/console/amounts";

test("Sizes have the unit that gives them few digits", () => {
  expect([0, 1, 1023, 1024, 1536, 200 * 1024, 5 * 1024 ** 3].map(sizeText)).toEqual([
    "0 bytes",
    "1 bytes",
    "1023 bytes",
    "1.0 KiB",
    "1.5 KiB",
    "200 KiB",
    "5.0 GiB",
  ]);
});

test("Durations and ages are short", () => {
  expect([0.04, 9.9, 60, 600, 3 * 3600, 72 * 3600].map(durationText)).toEqual([
    "0.0 s",
    "9.9 s",
    "60 s",
    "10 min",
    "3 h",
    "3 d",
  ]);
  const now = Date.parse("2026-11-30T05:00:00Z");
  expect(agoText("2026-11-30T02:00:00Z", now)).toBe("3 h ago");
  expect(agoText("2026-11-30T04:59:57.9Z", now)).toBe("2 s ago");
  expect(agoText("2026-11-30T06:00:00Z", now)).toBe("in the future");
});

test("Numbers and times can be read", () => {
  expect([countText(1, "file"), countText(0, "file")]).toEqual(["1 file", "0 files"]);
  expect(timeText("2026-11-30T06:00:01.234+01:00")).toBe("2026-11-30 05:00:01Z");
});
