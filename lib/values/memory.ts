import type { IConstruct } from "constructs";
import type { DataSize } from "./data-size";
import { ValidationError } from "./errors";

/** @throws ValidationError with this code when a service would have less memory than it needs. */
export function requireMemory(code: string, memory: DataSize, minimum: DataSize, scope: IConstruct): void {
  if (memory.toMebibytes() < minimum.toMebibytes()) {
    throw new ValidationError(code, `'memory' must be at least ${minimum}, got: ${memory}`, scope);
  }
}
