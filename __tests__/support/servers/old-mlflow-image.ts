import { DebianBase } from "../../../offline/debian-base";
import { DockerImage } from "../../../offline/docker-image";
import { copyPipSettings } from "../../../offline/pip-settings";
import { RELEASES } from "../../../lib/values/releases";

// A program of its own, because Jest cannot load what builds images. It builds an MLflow of the release that it is given,
// and prints the image's name.
const [release = ""] = process.argv.slice(2);
const { boto3, "psycopg2-binary": psycopg2 } = RELEASES.mlflow.packages;
const image = new DockerImage({
  folder: "mlflow",
  name: `mlflow:${release}`,
  base: new DebianBase("bookworm"),
  files: {
    "requirements.txt": [`mlflow==${release}`, `boto3==${boto3}`, `psycopg2-binary==${psycopg2}`].join("\n"),
  },
  hostSettings: copyPipSettings,
});
void image.build(() => {}).then(() => console.log(image.name));
