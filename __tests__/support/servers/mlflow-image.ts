import { DebianBase } from "../../../offline/debian-base";
import { DockerImage } from "../../../offline/docker-image";
import { copyPipSettings } from "../../../offline/pip-settings";

// A program of its own, because Jest cannot load what builds images. It builds an image with Python packages, and prints its
// complete name. Arguments: name and version, requirement…
const [, , name = "", ...requirements] = process.argv;
const image = new DockerImage({
  folder: "mlflow",
  name,
  base: new DebianBase("bookworm"),
  files: { "requirements.txt": requirements.join("\n") },
  hostSettings: copyPipSettings,
});
void image.build(() => {}).then(() => console.log(image.name));
