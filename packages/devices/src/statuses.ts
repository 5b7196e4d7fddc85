// Which devices this machine has, with what each runs on, and what exactly is missing for the rest.
import { type BackendName, backendNames, backends, openBackend } from "./byName.ts";

export interface BackendStatus {
  readonly name: BackendName;
  readonly package: string;
  readonly description: string;
  readonly present: boolean;
  /** What it runs on, where it says so: adapter, driver, versions, threads. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
  /** Why it is not here, and the command that adds it. */
  readonly reason?: string;
}
async function statusOf(name: BackendName): Promise<BackendStatus> {
  const { package: module, description } = backends[name];
  const about = { name, package: module, description };
  try {
    const backend = await openBackend(name);
    await backend.close();
    return { ...about, present: true, ...(backend.details && { details: backend.details }) };
  } catch (error) {
    return { ...about, present: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
/** Opens and closes each device, one after the other. */
export async function backendStatuses(): Promise<BackendStatus[]> {
  const statuses: BackendStatus[] = [];
  for (const name of backendNames) statuses.push(await statusOf(name));
  return statuses;
}
