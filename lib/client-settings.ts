import type { IConstruct } from "constructs";
import type { ServiceFile } from "./service-network";

/** What a client of a store needs. The server, the jobs and the checks all use it the same way. */
export interface ClientSettings {
  /** Environment variables; no secrets. */
  readonly environment: { [name: string]: string };

  /** Files, the credentials among them. */
  readonly files: ServiceFile[];

  /** What must be there before a client starts. */
  readonly after: IConstruct[];

  /** Whether the client has to leave the network to reach the store. */
  readonly outside: boolean;

  /** Values that change when the store begins anew and empty, so that jobs run again. */
  readonly epochs: string[];
}
