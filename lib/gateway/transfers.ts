import type { IConstruct } from "constructs";
import { ValidationError } from "../values/errors";
import type { ServiceFile } from "../network/service-network";
import type { TransferTarget } from "../stores/store";

const STORE_CA_FILE = "/etc/caddy/store-ca.pem";

/** How a gateway was told to carry transfers: a file of `caddy/transfers`, and its settings. */
export interface TransfersBinding {
  /** The file's name, without its extension. */
  readonly snippet: string;

  /** What the file reads from the environment. */
  readonly environment: { [name: string]: string };

  /** What the file reads besides. */
  readonly files: ServiceFile[];
}

/**
 * How artifacts get from clients to the store and back.
 *
 * A new kind is a static function and a class here, and a file in `caddy/transfers`.
 */
export abstract class Transfers {
  /**
   * Clients send and fetch artifacts at addresses that MLflow signs: through the gateway, or straight at a store that
   * they reach. No byte of them goes through MLflow, but for uploads that the client itself sends there: those under
   * 500 MiB.
   */
  public static direct(): Transfers {
    return new DirectTransfers();
  }

  /** All artifacts go through MLflow, and no client tries a signed address. */
  public static proxied(): Transfers {
    return new ProxiedTransfers();
  }

  /** Called by the gateway, once. */
  public abstract bind(scope: IConstruct, target: TransferTarget | undefined): TransfersBinding;
}

class DirectTransfers extends Transfers {
  public bind(scope: IConstruct, target: TransferTarget | undefined): TransfersBinding {
    if (!target) {
      throw new ValidationError(
        "DirectTransfers",
        "'transfers' must not be Transfers.direct(), because signed addresses of this store lead nowhere: its bucket must stand in the path ('pathStyle'), its endpoint be known at synthesis, and its keys be permanent, or clients must reach it themselves ('reachableByClients')",
        scope,
      );
    }
    if (target.reachableByClients) return { snippet: "reachable", environment: {}, files: [] };

    const { scheme, endpoint, bucket, prefix, caCertificate } = target;
    return {
      snippet: "direct",
      environment: {
        STORE: endpoint,
        STORE_SCHEME: scheme,
        STORE_PATH: prefix === undefined ? bucket : `${bucket}/${prefix}`,
        STORE_AUTHORITY: caCertificate === undefined ? "public" : "own",
      },
      files: caCertificate === undefined ? [] : [{ path: STORE_CA_FILE, content: caCertificate, secret: false }],
    };
  }
}

class ProxiedTransfers extends Transfers {
  public bind(): TransfersBinding {
    return { snippet: "proxied", environment: {}, files: [] };
  }
}
