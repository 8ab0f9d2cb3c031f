import type { TransferTarget } from "../stores/store";

/** What a gateway can stand in front of. */
export interface IUpstream {
  /** Host name on the network. */
  readonly hostname: string;

  /** TCP port. */
  readonly port: number;

  /** Set when presigned transfers can go to a store past the upstream. */
  readonly transferTarget?: TransferTarget;

  /** Host name and port of a console for admins, where the store beside the upstream has one. */
  readonly consoleAddress?: string;

  /**
   * Host name and port of the S3 API of the store beside the upstream, where others may use it.
   *
   * @default - nobody may
   */
  readonly s3ApiAddress?: string;

  /**
   * Features of MLflow that are switched on, by their names in caddy/routes.json.
   *
   * @default - traces alone
   */
  readonly features?: string[];
}
