/**
 * Folder of the secret files in a container. Terraform hides all files of a container or none, so whoever reads a plan
 * tells the secret ones by this folder.
 */
export const SECRETS_FOLDER = "/run/secrets/";

/** File with the key by which MLflow knows the gateway. It answers nobody else. */
export const GATEWAY_KEY_FILE = `${SECRETS_FOLDER}gateway-key`;
