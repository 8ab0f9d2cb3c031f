import { Token } from "cdktf";
import { isHostName } from "../values/host-name";
import type { StoreHost } from "./store";

/** The host of a client that connects to one name, or `undefined` for an address, a list of hosts, or a folder of sockets. */
export function storeHosts(host: string, port: number, tls: boolean): StoreHost[] | undefined {
  if (Token.isUnresolved(port)) return undefined;
  if (Token.isUnresolved(host)) return [{ host, port, tls }];
  const name = host.toLowerCase();
  return isHostName(name) ? [{ host: name, port, tls }] : undefined;
}

/** The hosts of clients of an S3 API at an address. With `bucket` they also find the bucket by its own name. */
export function endpointHosts(endpoint: string, bucket?: string): StoreHost[] | undefined {
  if (Token.isUnresolved(endpoint)) return undefined;
  const { protocol, hostname, port } = new URL(endpoint);
  const tls = protocol === "https:";
  const hosts = storeHosts(hostname, Number(port || (tls ? 443 : 80)), tls);
  if (bucket === undefined || hosts === undefined) return hosts;
  // Without TLS a port leads to one host.
  return tls ? [...hosts, ...hosts.map((one) => ({ ...one, host: `${bucket}.${one.host}` }))] : undefined;
}

/** The hosts of Amazon's S3 for a bucket, which boto3 finds by the region. */
export function amazonHosts(bucket: string, region: string): StoreHost[] | undefined {
  // Regions of their own networks have other domains.
  if (Token.isUnresolved(region) || !/^(?!us-iso|eu-iso|eusc-)[a-z0-9-]+$/.test(region)) return undefined;
  const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const services = [`s3.${region}.${domain}`, ...(region === "us-east-1" ? [`s3.${domain}`] : [])];
  return services
    .flatMap((service) => [service, `${bucket}.${service}`])
    .map((host) => ({ host, port: 443, tls: true }));
}
