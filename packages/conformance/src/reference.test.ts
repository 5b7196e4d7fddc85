// The reference backend under the suite that it is the oracle of: as declared it rounds, the oracle does not; PyTorch's
// vectors and training runs judge both. Here, since the suite depends on that backend and not the other way round.
import { reference } from "@lamina/backend-reference";
import * as vitest from "vitest";
import { conformWith } from "./vitest.ts";

conformWith(vitest, "reference", reference);
