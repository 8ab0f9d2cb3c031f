/**
 * Folder of the secret files in a container. Terraform hides all files of a container or none, so whoever reads a plan
 * tells the secret ones by this folder.
 */
export const SECRETS_FOLDER = "/run/secrets/";
