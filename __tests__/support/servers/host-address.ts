import { runOk } from "../run";

/** The address at which containers and programs of the engine's host reach that host. */
export async function hostAddress(): Promise<string> {
  const format = "{{json (index .IPAM.Config 0)}}";
  const configuration = await runOk("docker", ["network", "inspect", "bridge", "--format", format]);
  const { Gateway, Subnet } = JSON.parse(configuration) as { Gateway?: string; Subnet: string };
  // An engine that has just created its first bridge names the subnet only, of which it takes the first address.
  return Gateway ?? Subnet.replace(/\d+\/\d+$/, "1");
}
