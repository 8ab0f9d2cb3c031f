import { LocalBackend, TerraformVariable } from "cdktf";
import {
  AiProvider,
  ArtifactStore,
  AuthMethod,
  BackendStore,
  BackupTarget,
  DataSize,
  MinioStore,
  PostgresStore,
  ProviderVersions,
  Role,
  Secret,
  ServiceImage,
  StackEnvironment,
  StateBackend,
  Tls,
  UserPassword,
} from "../../../lib";
import type { TerraformStack } from "cdktf";
import { mlflowStack, testStack } from "./synth";

/** A certificate that is never used. */
export const CA_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

// For mlflow.example.com, until 2126. Its private key was not kept.
const SITE_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBsTCCAVagAwIBAgIUXizryI+it4Sg8GvSSeIqo0lenfYwCgYIKoZIzj0EAwIw
HTEbMBkGA1UEAwwSbWxmbG93LmV4YW1wbGUuY29tMCAXDTI2MTEyOTE2MjIxOFoY
DzIxMjYxMTA1MTYyMjE4WjAdMRswGQYDVQQDDBJtbGZsb3cuZXhhbXBsZS5jb20w
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATMlSoNSwkQAJnMpMNqKOBWtjY+BAJh
5d1ZQnyvTX/JWSYG4ZR0HXK2kbADlHV6+cStWwiXO/PetmFZgGAJf7BNo3IwcDAd
BgNVHQ4EFgQUyX/kMhTJ1FeG8Ar8LwYtrBwTE1MwHwYDVR0jBBgwFoAUyX/kMhTJ
1FeG8Ar8LwYtrBwTE1MwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHREEFjAUghJtbGZs
b3cuZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDSQAwRgIhAN2Fqi0bVEBHKk0Ph1fc
x84C06g7z0Jbmw2Bain2K93JAiEA+eXmx3XvhSsaWYyJFurt3XR/diCy1M+llu5+
g5vfQrM=
-----END CERTIFICATE-----
`;

const external = () =>
  BackendStore.external({
    host: "db.example.com",
    database: "mlflow",
    username: "mlflow",
    password: Secret.variable("db_password"),
    caCertificate: CA_CERTIFICATE,
    connectionLimit: 80,
  });

const s3 = () =>
  ArtifactStore.s3({
    bucket: "company-models",
    prefix: "mlflow",
    region: "eu-central-1",
    accessKeyId: Secret.variable("s3_access_key_id"),
    secretAccessKey: Secret.variable("s3_secret_access_key"),
  });

/** Every way of deploying that the README shows, by name. */
export const SHAPES: { [name: string]: () => TerraformStack } = {
  "everything bundled": () => mlflowStack(),

  "public, with a given password": () =>
    mlflowStack({
      url: "https://mlflow.example.com",
      auth: AuthMethod.basic({
        users: [{ name: "ada", role: Role.ADMIN, password: UserPassword.of(Secret.variable("login_password")) }],
      }),
    }),

  "a team with a login at its company": () =>
    mlflowStack({
      url: "https://mlflow.example.com",
      gateway: { tls: Tls.terminatedBefore({ trustedProxies: ["10.0.0.0/24"] }) },
      auth: AuthMethod.oauth2({
        issuerUrl: "https://login.example.com",
        clientId: "mlflow",
        clientSecret: Secret.variable("oauth2_client_secret"),
        allowedDomains: ["example.com"],
        roles: { write: { groups: ["ml"] }, admin: { emails: ["ada@example.com"] } },
        users: [{ name: "ci", role: Role.WRITE }],
      }),
    }),

  "an address of one's own network, with several users": () =>
    mlflowStack({
      url: "https://mlflow.internal",
      gateway: { tls: Tls.internal() },
      artifactStore: ArtifactStore.minio({ console: true }),
      auth: AuthMethod.basic({
        users: [
          { name: "ada", role: Role.ADMIN },
          { name: "bob", role: Role.READ, password: UserPassword.bcryptHash(Secret.variable("bob_hash")) },
        ],
      }),
    }),

  "a certificate of one's own": () =>
    mlflowStack({
      url: "https://mlflow.example.com",
      gateway: {
        tls: Tls.certificate({ certificate: SITE_CERTIFICATE, privateKey: Secret.variable("tls_private_key") }),
      },
    }),

  "an IPv6 address, with a certificate of Caddy's own authority": () =>
    mlflowStack({
      url: "https://[2001:db8::10]",
      gateway: { tls: Tls.internal() },
      artifactStore: ArtifactStore.minio({ console: true }),
    }),

  "external database and bucket": () =>
    mlflowStack({ url: "https://mlflow.example.com", backendStore: external(), artifactStore: s3() }),

  "external database, bundled bucket": () => mlflowStack({ backendStore: external() }),

  "bundled database, external bucket behind an endpoint": () =>
    mlflowStack({
      artifactStore: ArtifactStore.s3({
        bucket: "models",
        endpoint: "https://s3.example.com",
        accessKeyId: Secret.variable("s3_access_key_id"),
        secretAccessKey: Secret.variable("s3_secret_access_key"),
        sessionToken: Secret.variable("s3_session_token"),
      }),
    }),

  "another engine, a mirror and a remote state": () =>
    mlflowStack({
      engine: {
        host: "ssh://deploy@mlflow.example.com",
        sshOptions: ["-o", "StrictHostKeyChecking=yes"],
        registryLogins: [
          { address: "mirror.example.com", username: "robot", password: Secret.variable("mirror_password") },
        ],
      },
      network: { imageRegistry: "mirror.example.com/hub" },
      gateway: { image: ServiceImage.registry("caddy-with-plugins:2.11.9") },
      state: StateBackend.remote("s3", { bucket: "states", key: "mlflow.tfstate", region: "eu-central-1" }),
    }),

  "data on chosen folders, older PostgreSQL, more workers": () =>
    mlflowStack({
      backendStore: BackendStore.postgres({
        majorVersion: 17,
        memory: DataSize.gibibytes(4),
        dataVolume: { hostPath: "/srv/mlflow/postgres" },
      }),
      artifactStore: ArtifactStore.minio({ bucket: "models", dataVolume: { hostPath: "/srv/mlflow/minio" } }),
      server: {
        workers: 4,
        egress: { hosts: ["api.example.com"] },
        features: { jobExecution: true, metrics: true, telemetry: true },
        temporaryVolume: {},
      },
    }),

  "the AI gateway and webhooks, with a model server in one's own network": () =>
    mlflowStack({
      server: {
        features: {
          aiGateway: { providers: [AiProvider.openai(), AiProvider.at("openai", ["llm.example.com:8443"])] },
          webhooks: { hosts: ["hooks.example.com"] },
        },
        egress: { privateHosts: { "llm.example.com": "10.20.0.0/16" } },
      },
    }),

  "backups on a volume": () => mlflowStack({ backup: { target: BackupTarget.volume() } }),

  "garbage that is deleted on a schedule": () => mlflowStack({ server: { garbageCollection: {} } }),

  "from environment variables": () =>
    mlflowStack(
      new StackEnvironment({
        AUTH_USERNAME: "ada",
        AUTH_PASSWORD: "correct horse battery",
        DB_URL: "postgresql://mlflow:s%40crets@db.example.com:6432/mlflow?sslmode=require",
        MLFLOW_S3_ENDPOINT_URL: "https://s3.example.com",
        MLFLOW_S3_BUCKET: "models",
        AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
        AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI",
        MLFLOW_URL: "https://mlflow.example.com",
      }).props(),
    ),

  "two stores alone, in a stack of one's own": () => {
    const { stack, network } = testStack();
    new LocalBackend(stack, { path: "../../../terraform.test.tfstate" });
    ProviderVersions.pin(stack);
    const password = new TerraformVariable(stack, "database_password", { type: "string", sensitive: true });
    new PostgresStore(stack, "postgres", { network, password: Secret.fromVariable(password) });
    new MinioStore(stack, "minio", { network, bucket: "models" });
    return stack;
  },
};

/** Secret values in the shapes, which must not occur in the synthesized JSON. */
export const PLANTED = ["correct horse battery", "s@crets", "s%40crets", "AKIAEXAMPLE", "wJalrXUtnFEMI"];
