import type { Construct } from "constructs";
import { ServiceImage } from "../network/service-image";
import { ValidationError } from "../values/errors";
import { ImageName } from "../values/image-name";
import { imageName, RELEASES, postgresMajors, postgresVersion } from "../values/releases";

// Images of PostgreSQL itself, whose tags begin with its version. Other products have versions of their own.
const PRODUCT = /(?:^|\/)(?:postgres|postgresql|postgis)$/;
const VERSION = /^(\d{1,2})(?:[.-]|$)/;
// Such as `0.8.0-pg17` of pgvector.
const SUFFIX = /(?:^|[._-])pg(\d+)(?!\d)/;
// An image called `postgres` may have a version of its own, such as 1.2.0: each PostgreSQL that is in use has a higher one.
const LOWEST = 9;

/**
 * The official image of a major version.
 *
 * @throws ValidationError when it is not offered.
 */
export function officialImage(majorVersion: number, scope?: Construct): ServiceImage {
  const version = postgresVersion(majorVersion);
  if (!version) {
    const offered = new Intl.ListFormat("en-GB", { type: "disjunction" }).format(postgresMajors().map(String));
    throw new ValidationError("PostgresVersion", `'majorVersion' must be ${offered}, got: ${majorVersion}`, scope);
  }
  return ServiceImage.registry(imageName({ image: RELEASES.postgres.image, version }));
}

/**
 * Checks that an image is of a major version, if its name says of which it is: PostgreSQL stops at once on data of
 * another one.
 *
 * @throws ValidationError when it is of another one.
 */
export function requireMajorVersion({ name }: ServiceImage, majorVersion: number, scope: Construct): void {
  const { repository, tag = "" } = new ImageName(name);
  const version = PRODUCT.test(repository) ? VERSION.exec(tag) : undefined;
  const named = Number((SUFFIX.exec(tag) ?? version)?.[1] ?? majorVersion);
  if (named === majorVersion || named < LOWEST) return;
  throw new ValidationError(
    "PostgresImage",
    `'image' ${name} is PostgreSQL ${named}, which does not start on data of 'majorVersion' ${majorVersion}: name an image of PostgreSQL ${majorVersion} (POSTGRES_IMAGE), or another 'majorVersion', which begins with an empty volume`,
    scope,
  );
}
