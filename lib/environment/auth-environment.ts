import { existsSync } from "node:fs";
import type { EnvironmentReader } from "./environment-reader";
import { brokenPasswordRule } from "../secrets/password-rules";
import { AuthMethod } from "../users/auth-method";
import { IdentityProvider } from "../users/identity-provider";
import { Role } from "../users/role";
import type { UserOptions } from "../users/user";
import { UserPassword } from "../users/user-password";
import { UsersFile } from "../users/users-file";
import { ValidationError } from "../values/errors";

/** The file with the users, if it exists and no variable names another one. */
export const USERS_FILE = "users.json";

/**
 * The users and their login method, as environment variables describe them.
 *
 * @throws ValidationError when variables contradict each other or have an invalid value.
 */
export function authFrom(environment: EnvironmentReader): AuthMethod {
  const users = usersFrom(environment);
  return environment.value("OAUTH2_CLIENT_ID") === undefined
    ? AuthMethod.basic({ users })
    : oauth2From(environment, users);
}

function usersFrom(environment: EnvironmentReader): UserOptions[] | undefined {
  const name = environment.value("AUTH_USERNAME");
  const password = environment.value("AUTH_PASSWORD");
  const file = environment.value("MLFLOW_USERS_FILE") ?? (existsSync(USERS_FILE) ? USERS_FILE : undefined);
  if (file === undefined) {
    if (name === undefined && password === undefined) return undefined;
    return [{ name: name ?? "admin", role: Role.ADMIN, password: adminPassword(environment) }];
  }
  if (name !== undefined || password !== undefined) {
    throw new ValidationError(
      "UsersTwice",
      `AUTH_USERNAME and AUTH_PASSWORD must not be set beside ${file}, which lists the users`,
    );
  }
  return UsersFile.read(file);
}

function adminPassword(environment: EnvironmentReader): UserPassword | undefined {
  const password = environment.value("AUTH_PASSWORD");
  if (password === undefined) return undefined;
  const broken = brokenPasswordRule(password);
  if (broken) throw new ValidationError("AuthPassword", `AUTH_PASSWORD is refused: ${broken}`);
  return UserPassword.of(environment.secret("AUTH_PASSWORD"));
}

function oauth2From(environment: EnvironmentReader, users: UserOptions[] | undefined): AuthMethod {
  const provider = environment.value("OAUTH2_PROVIDER") ?? IdentityProvider.OIDC;
  const known = Object.values(IdentityProvider) as string[];
  if (!known.includes(provider)) {
    throw new ValidationError(
      "OAuth2Provider",
      `OAUTH2_PROVIDER must be one of ${known.join(", ")}, got: '${provider}'`,
    );
  }
  return AuthMethod.oauth2({
    provider: provider as IdentityProvider,
    issuerUrl: environment.value("OAUTH2_ISSUER_URL"),
    issuerCertificate: environment.value("OAUTH2_ISSUER_CERTIFICATE"),
    clientId: environment.value("OAUTH2_CLIENT_ID") ?? "",
    clientSecret: environment.secret("OAUTH2_CLIENT_SECRET"),
    allowedDomains: environment.list("OAUTH2_ALLOWED_DOMAINS"),
    allowedGroups: environment.list("OAUTH2_ALLOWED_GROUPS"),
    allowedServiceAccounts: environment.list("OAUTH2_ALLOWED_SERVICE_ACCOUNTS"),
    allowAnyDomain: environment.flag("OAUTH2_ALLOW_ANY_DOMAIN"),
    audiences: environment.list("OAUTH2_AUDIENCES"),
    groupsClaim: environment.value("OAUTH2_GROUPS_CLAIM"),
    endSessionUrl: environment.value("OAUTH2_END_SESSION_URL"),
    roles: {
      write: {
        groups: environment.list("OAUTH2_WRITE_GROUPS"),
        emails: environment.list("OAUTH2_WRITE_EMAILS"),
        serviceAccounts: environment.list("OAUTH2_WRITE_SERVICE_ACCOUNTS"),
      },
      admin: {
        groups: environment.list("OAUTH2_ADMIN_GROUPS"),
        emails: environment.list("OAUTH2_ADMIN_EMAILS"),
        serviceAccounts: environment.list("OAUTH2_ADMIN_SERVICE_ACCOUNTS"),
      },
    },
    users,
    image: environment.image("OAUTH2_PROXY_IMAGE"),
  });
}
