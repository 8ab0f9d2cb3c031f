export * from "./values/data-size";
export * from "./values/duration";
export * from "./values/errors";
export * from "./values/public-url";

export * from "./secrets/secret";

export * from "./guard/guard-rule";
export * from "./guard/stack-guard";

export * from "./network/container-network";
export * from "./network/health-check";
export * from "./network/host-binding";
export * from "./network/released-volumes";
export * from "./network/service-file";
export * from "./network/service-image";
export * from "./network/service-network";

export * from "./stores/artifact-store";
export * from "./stores/backend-store";
export * from "./stores/external-postgres";
export * from "./stores/minio-store";
export { PostgresClient } from "./stores/postgres-client";
export type { PostgresClientOptions } from "./stores/postgres-client";
export * from "./stores/postgres-store";
export { S3Client } from "./stores/s3-client";
export type { S3ClientOptions } from "./stores/s3-client";
export * from "./stores/s3-store";
export * from "./stores/store";

export { Backup } from "./backup/backup";
export type { BackupProps } from "./backup/backup";
export * from "./backup/backup-options";
export { BackupTarget } from "./backup/backup-target";
export type { BackupS3Options } from "./backup/s3-target";
export type { BackupSftpOptions } from "./backup/sftp-target";

export { AuthMethod } from "./users/auth-method";
export type { BasicAuthOptions } from "./users/auth-method";
export * from "./users/identity-provider";
export * from "./users/oauth2-options";
export * from "./users/role";
export * from "./users/user";
export { UserPassword } from "./users/user-password";
export { UsersFile } from "./users/users-file";

export * from "./gateway/auth-gateway";
export * from "./gateway/auth-gateway-options";
export type { AccessLogOptions } from "./gateway/access-log";
export * from "./gateway/content-security-policy";
export type { FailedLoginOptions, RateLimitOptions } from "./gateway/rate-limits";
export { Tls } from "./gateway/tls/tls";
export type { AutomaticTlsOptions } from "./gateway/tls/automatic";
export type { CertificateTlsOptions } from "./gateway/tls/certificate";
export type { TerminatedTlsOptions } from "./gateway/tls/terminated";
export { Transfers } from "./gateway/transfers";
export type { IUpstream, UpstreamGateway } from "./gateway/upstream";

export * from "./server/ai-provider";
export * from "./server/egress-options";
export * from "./server/egress-proxy";
export type { GarbageCollectionOptions } from "./server/garbage-collection-options";
export * from "./server/feature-options";
export * from "./server/mlflow-server";
export * from "./server/mlflow-server-options";

export type { DockerEngineOptions, RegistryLogin } from "./stack/docker-engine";
export * from "./stack/mlflow-stack";
export * from "./stack/provider-versions";
export * from "./stack/state-backend";

export * from "./environment/stack-environment";
