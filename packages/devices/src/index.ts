// Devices by name, for whoever leaves the choice to a setting: opening one, what is here, and which is the fastest for a model.
export {
  type BackendLocation,
  type BackendName,
  backendNames,
  chosenName,
  importBackend,
  locateBackend,
  openBackend,
} from "./byName.ts";
export { type Fastest, type FastestOptions, fastestBackend, type Trial } from "./fastest.ts";
export { type BackendStatus, backendStatuses } from "./statuses.ts";
