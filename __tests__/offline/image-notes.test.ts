import { offlineEnvironment } from "../../offline";
import { notesOnImages } from "../../offline/image-notes";

const images = Object.entries(offlineEnvironment())
  .filter(([name]) => name.endsWith("_IMAGE"))
  .map(([, image]) => image);

test("each image that is built here has a note on what it lacks, as the page has it", () => {
  for (const image of images) {
    expect(notesOnImages([image])).toEqual([
      "Images built here, in place of the official ones:",
      expect.stringMatching(new RegExp(`^  ${image}\n    \\S.{20,}`)),
      expect.stringContaining("None is updated"),
    ]);
  }
  expect(notesOnImages(images).join("\n")).toContain("CVE-2026-41145");
});

test("official images need none", () => {
  expect(notesOnImages(["postgres:18.6", "cdktf-mlflow/gateway:2.11.9-0123456789ab"])).toEqual([]);
});
