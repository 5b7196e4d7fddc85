// Backends by name, as the command line takes them: an unknown name is wrong usage. Which there are is in @lamina/devices.
import type { Backend } from "@lamina/core";
import { type BackendLocation, chosenName, locateBackend as locate, openBackend as open } from "@lamina/devices";
import { exitCodes, Failure } from "./failure.ts";

export const defaultBackend = chosenName;

function asUsage(error: unknown, name: string): never {
  if (name === "auto")
    throw new Failure(
      "auto measures a model, and this command has none; name a device (`lamina backends` lists them)",
      exitCodes.usage,
    );
  throw error instanceof RangeError ? new Failure(error.message, exitCodes.usage) : error;
}

/** Opens a backend by name. Throws a Failure for an unknown name, and the backend's own error if it cannot run here. */
export const openBackend = (name: string): Promise<Backend> => open(name).catch((error) => asUsage(error, name));

/** A backend's package, for those who need more of it than the device. */
export function locateBackend(name: string): BackendLocation {
  try {
    return locate(name);
  } catch (error) {
    return asUsage(error, name);
  }
}
