import { X509Certificate, createPrivateKey } from "node:crypto";
import { existsSync } from "node:fs";
import { AuthMethod } from "../users/auth-method";
import { terraformVariable } from "./environment-variables";
import type { SecretName, VariableName } from "./environment-variables";
import { ValidationError } from "../values/errors";
import { IdentityProvider } from "../users/identity-provider";
import { brokenPasswordRule } from "../secrets/login-password";
import { Role } from "../users/role";
import { Secret } from "../secrets/secret";
import { ServiceImage } from "../network/service-image";
import { Tls } from "../gateway/tls";
import { UserPassword } from "../users/user";
import type { UserOptions } from "../users/user";
import { UsersFile } from "../users/users-file";

const USERS_FILE = "users.json";
const SECRETS = ["AUTH_PASSWORD", "OAUTH2_CLIENT_SECRET", "TLS_PRIVATE_KEY"] as const satisfies SecretName[];
const KINDS_OF_TLS = ["automatic", "internal", "certificate", "terminated"];

/** The environment variables that say who may pass, and over which kind of TLS. */
export class AccessEnvironment {
  /** @param value the value of a variable, where it is set. */
  constructor(private readonly value: (name: VariableName) => string | undefined) {}

  /** @throws ValidationError when variables contradict each other, or hold what would not work. */
  public auth(): AuthMethod {
    const users = this.users();
    return this.value("OAUTH2_CLIENT_ID") === undefined ? AuthMethod.basic({ users }) : this.oauth2(users);
  }

  /** @throws ValidationError when the kind is unknown, or its settings are missing. */
  public tls(): Tls | undefined {
    const kind = this.value("MLFLOW_TLS");
    const email = this.value("TLS_EMAIL");
    switch (kind) {
      case undefined:
        return email === undefined ? undefined : Tls.automatic({ email });
      case "automatic":
        return Tls.automatic({ email });
      case "internal":
        return Tls.internal();
      case "certificate":
        return this.certificate();
      case "terminated":
        return Tls.terminatedBefore({ trustedProxies: this.list("TRUSTED_PROXIES") ?? [] });
      default:
        throw new ValidationError("TlsKind", `MLFLOW_TLS must be one of ${KINDS_OF_TLS.join(", ")}, got: '${kind}'`);
    }
  }

  /** The secrets among them. */
  public secrets(): [SecretName, string | undefined][] {
    return SECRETS.map((name) => [name, this.value(name)]);
  }

  private users(): UserOptions[] | undefined {
    const name = this.value("AUTH_USERNAME");
    const password = this.value("AUTH_PASSWORD");
    const file = this.value("MLFLOW_USERS_FILE") ?? (existsSync(USERS_FILE) ? USERS_FILE : undefined);
    if (file === undefined) {
      if (name === undefined && password === undefined) return undefined;
      return [{ name: name ?? "admin", role: Role.ADMIN, password: this.password(password) }];
    }
    if (name !== undefined || password !== undefined) {
      throw new ValidationError(
        "UsersTwice",
        `AUTH_USERNAME and AUTH_PASSWORD must not be set beside ${file}, which names the users`,
      );
    }
    return UsersFile.read(file);
  }

  private password(password: string | undefined): UserPassword | undefined {
    if (password === undefined) return undefined;
    const broken = brokenPasswordRule(password);
    if (broken) throw new ValidationError("AuthPassword", `AUTH_PASSWORD is refused: ${broken}`);
    return UserPassword.of(this.secret("AUTH_PASSWORD"));
  }

  private oauth2(users: UserOptions[] | undefined): AuthMethod {
    const image = this.value("OAUTH2_PROXY_IMAGE");
    const provider = this.value("OAUTH2_PROVIDER") ?? IdentityProvider.OIDC;
    const known = Object.values(IdentityProvider) as string[];
    if (!known.includes(provider)) {
      throw new ValidationError(
        "OAuth2Provider",
        `OAUTH2_PROVIDER must be one of ${known.join(", ")}, got: '${provider}'`,
      );
    }
    return AuthMethod.oauth2({
      provider: provider as IdentityProvider,
      issuerUrl: this.value("OAUTH2_ISSUER_URL"),
      issuerCertificate: this.value("OAUTH2_ISSUER_CERTIFICATE"),
      clientId: this.value("OAUTH2_CLIENT_ID") ?? "",
      clientSecret: this.secret("OAUTH2_CLIENT_SECRET"),
      allowedDomains: this.list("OAUTH2_ALLOWED_DOMAINS"),
      allowedGroups: this.list("OAUTH2_ALLOWED_GROUPS"),
      allowedMachines: this.list("OAUTH2_ALLOWED_MACHINES"),
      allowAnyDomain: this.value("OAUTH2_ALLOW_ANY_DOMAIN") === "true",
      audiences: this.list("OAUTH2_AUDIENCES"),
      groupsClaim: this.value("OAUTH2_GROUPS_CLAIM"),
      endSessionUrl: this.value("OAUTH2_END_SESSION_URL"),
      roles: {
        write: {
          groups: this.list("OAUTH2_WRITE_GROUPS"),
          emails: this.list("OAUTH2_WRITE_EMAILS"),
          machines: this.list("OAUTH2_WRITE_MACHINES"),
        },
        admin: {
          groups: this.list("OAUTH2_ADMIN_GROUPS"),
          emails: this.list("OAUTH2_ADMIN_EMAILS"),
          machines: this.list("OAUTH2_ADMIN_MACHINES"),
        },
      },
      users,
      image: image === undefined ? undefined : ServiceImage.registry(image),
    });
  }

  private certificate(): Tls {
    const certificate = this.value("TLS_CERTIFICATE") ?? "";
    const privateKey = this.secret("TLS_PRIVATE_KEY");
    this.validatePair(certificate, this.value("TLS_PRIVATE_KEY") ?? "");
    return Tls.certificate({ certificate, privateKey });
  }

  // here both are known; in an app of one's own the key is known to Terraform only. Neither is repeated.
  private validatePair(certificate: string, privateKey: string): void {
    let matches: boolean;
    try {
      matches = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(privateKey));
    } catch {
      throw new ValidationError(
        "TlsPair",
        "TLS_CERTIFICATE and TLS_PRIVATE_KEY must hold a certificate and its key in PEM form, without a passphrase",
      );
    }
    if (!matches) throw new ValidationError("TlsPair", "TLS_PRIVATE_KEY must be the key of TLS_CERTIFICATE");
  }

  private list(name: VariableName): string[] | undefined {
    const words = this.value(name)
      ?.split(",")
      .map((word) => word.trim());
    return words?.filter((word) => word !== "");
  }

  // presence of the environment variable declares the Terraform variable; the value goes to Terraform only.
  private secret(name: SecretName): Secret {
    if (this.value(name) === undefined) throw new ValidationError("SecretMissing", `${name} must be set`);
    return Secret.variable(terraformVariable(name));
  }
}
