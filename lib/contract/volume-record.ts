/**
 * Type of the resource by which a state and a plan say that a stack uses a volume: its `input` has the volume's name.
 * It is no `docker_volume`, so nothing that Terraform does with it deletes data.
 */
export const VOLUME_RECORD = "terraform_data";

/** The key of a record's `input` with the name of the volume on the engine. */
export const RECORDED_VOLUME = "named_volume";

/** The key of a record's `input` with the names of the volumes that only containers name. The stack may not own them. */
export const MOUNTED_VOLUMES = "mounted_volumes";
