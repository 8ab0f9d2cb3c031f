import type { Construct } from "constructs";
import { ExternalPostgres } from "./external-postgres";
import type { ExternalPostgresOptions } from "./external-postgres";
import { PostgresStore } from "./postgres-store";
import type { PostgresStoreOptions } from "./postgres-store";
import type { IServiceNetwork } from "../network/service-network";
import type { IBackendStore } from "./store";

/**
 * Where MLflow keeps its records.
 *
 * A new kind is a static function and a class here, and a construct that implements `IBackendStore`.
 */
export abstract class BackendStore {
  /** A PostgreSQL container in the stack. */
  public static postgres(options: PostgresStoreOptions = {}): BackendStore {
    return new BundledPostgres(options);
  }

  /** An external PostgreSQL server. */
  public static external(options: ExternalPostgresOptions): BackendStore {
    return new ExternalPostgresStore(options);
  }

  /** Called by the stack, once, when it is defined. */
  public abstract bind(scope: Construct, network: IServiceNetwork): IBackendStore;
}

class BundledPostgres extends BackendStore {
  constructor(private readonly options: PostgresStoreOptions) {
    super();
  }

  public bind(scope: Construct, network: IServiceNetwork): IBackendStore {
    return new PostgresStore(scope, "postgres", { ...this.options, network });
  }
}

class ExternalPostgresStore extends BackendStore {
  constructor(private readonly options: ExternalPostgresOptions) {
    super();
  }

  public bind(scope: Construct): IBackendStore {
    return new ExternalPostgres(scope, "postgres", this.options);
  }
}
