import { STORE_AUTHORITY_FILE } from "../contract/gateway-settings";
import type { IConstruct } from "constructs";
import type { CaddyFragment } from "../caddy/caddy-fragment";
import { ValidationError } from "../values/errors";
import type { TransferTarget } from "../stores/store";

/** The part of the gateway that transfers artifacts. */
export interface TransfersFragment extends CaddyFragment {
  /** Whether the bytes of artifacts bypass MLflow. */
  readonly direct: boolean;
}

/**
 * How artifacts get from clients to the store and back.
 *
 * A new kind is a static function here and a file in `caddy/transfers`.
 */
export class Transfers {
  /**
   * Clients upload and download artifacts at addresses that MLflow signs: through the gateway, or at the store itself
   * if clients reach it. The bytes bypass MLflow. The exception are uploads that the client sends to MLflow itself,
   * those under 500 MiB.
   */
  public static direct(): Transfers {
    return new Transfers(directTransfers);
  }

  /** All artifacts go through MLflow, and no client gets a signed address. */
  public static proxied(): Transfers {
    return new Transfers(() => fragment("proxied", false));
  }

  /**
   * The default for a store.
   *
   * @internal
   */
  public static _for(target: TransferTarget | undefined): Transfers {
    return target?.preferred ? Transfers.direct() : Transfers.proxied();
  }

  /**
   * Called by the gateway, once.
   *
   * @internal
   */
  public readonly _bind: (target: TransferTarget | undefined, scope: IConstruct) => TransfersFragment;

  private constructor(bind: (target: TransferTarget | undefined, scope: IConstruct) => TransfersFragment) {
    this._bind = bind;
  }
}

function directTransfers(target: TransferTarget | undefined, scope: IConstruct): TransfersFragment {
  if (!target) {
    throw new ValidationError(
      "DirectTransfers",
      "'transfers' must not be Transfers.direct(), because signed addresses of this store cannot be used: its bucket must be in the path ('pathStyle'), its endpoint known at synthesis and its keys permanent, or clients must reach it themselves ('reachableByClients')",
      scope,
    );
  }
  if (target.reachableByClients) return fragment("reachable", true);

  const { scheme, endpoint, bucket, prefix, caCertificate } = target;
  const settings = {
    STORE: endpoint,
    STORE_SCHEME: scheme,
    STORE_PATH: prefix === undefined ? bucket : `${bucket}/${prefix}`,
    STORE_AUTHORITY: caCertificate === undefined ? "public" : "own",
  };
  return {
    ...fragment("direct", true, settings),
    files: caCertificate === undefined ? [] : [{ path: STORE_AUTHORITY_FILE, content: caCertificate, secret: false }],
  };
}

function fragment(kind: string, direct: boolean, settings: { [name: string]: string } = {}): TransfersFragment {
  return { caddyFiles: [`transfers/${kind}.caddy`], environment: { TRANSFERS: kind, ...settings }, direct };
}
