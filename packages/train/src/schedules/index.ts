// The schedules of the learning rate, by PyTorch's names.
export { CosineAnnealingLR, type CosineAnnealingLROptions } from "./cosineAnnealingLR.ts";
export { ExponentialLR } from "./exponentialLR.ts";
export { LambdaLR } from "./lambdaLR.ts";
export { LinearLR, type LinearLROptions } from "./linearLR.ts";
export { OneCycleLR, type OneCycleLROptions } from "./oneCycleLR.ts";
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from "./reduceLROnPlateau.ts";
export { LRScheduler, type Scheduled, type ScheduleState } from "./schedule.ts";
export { SequentialLR, type SequentialLROptions } from "./sequentialLR.ts";
export { MultiStepLR, StepLR } from "./stepLR.ts";
