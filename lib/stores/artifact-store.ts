import type { Construct } from "constructs";
import { MinioStore } from "./minio-store";
import type { MinioStoreOptions } from "./minio-store";
import { S3Store } from "./s3-store";
import type { S3StoreOptions } from "./s3-store";
import type { IServiceNetwork } from "../network/service-network";
import type { IArtifactStore } from "./store";

/**
 * Where MLflow keeps its artifacts.
 *
 * A new kind is a static function and a class here, and a construct that implements `IArtifactStore`.
 */
export abstract class ArtifactStore {
  /** A MinIO-compatible container in the stack. */
  public static minio(options: MinioStoreOptions = {}): ArtifactStore {
    return new BundledMinio(options);
  }

  /** A bucket on an external S3 service. */
  public static s3(options: S3StoreOptions): ArtifactStore {
    return new ExternalS3(options);
  }

  /** Called by the stack, once, when it is defined. */
  public abstract bind(scope: Construct, network: IServiceNetwork): IArtifactStore;
}

class BundledMinio extends ArtifactStore {
  constructor(private readonly options: MinioStoreOptions) {
    super();
  }

  public bind(scope: Construct, network: IServiceNetwork): IArtifactStore {
    return new MinioStore(scope, "minio", { ...this.options, network });
  }
}

class ExternalS3 extends ArtifactStore {
  constructor(private readonly options: S3StoreOptions) {
    super();
  }

  public bind(scope: Construct): IArtifactStore {
    return new S3Store(scope, "s3", this.options);
  }
}
