import { DockerProvider } from "@cdktf/provider-docker/lib/provider";
import { App, LocalBackend, TerraformStack } from "cdktf";
import { ContainerNetwork, EgressProxy, ProviderVersions, ServiceImage } from "../../lib";

// Only the egress proxy, with a fake host that may have any private address.
const { MLFLOW_STACK: id = "", GATEWAY_IMAGE: image } = process.env;
const ranges = { "host.example.com": "172.16.0.0/12", "other.example.com": "192.168.0.0/16" };
const app = new App();
const stack = new TerraformStack(app, id);
new LocalBackend(stack, { path: `../../../terraform.${id}.tfstate` });
new DockerProvider(stack, "docker");
ProviderVersions.pin(stack);
new EgressProxy(stack, "egress", {
  network: new ContainerNetwork(stack, "network"),
  hosts: Object.keys(ranges),
  privateHosts: ranges,
  image: image ? ServiceImage.registry(image) : undefined,
});
app.synth();
