// Who takes part, in the order of the tables. One more peer is one more file, and one more row here.
import type { Contender, Peer } from "./contender.ts";
import { peer as gpujs } from "./gpujs.ts";
import { peer as jaxJs } from "./jax-js.ts";
import { peer as lamina } from "./lamina.ts";
import { peer as ortNode } from "./ort-node.ts";
import { peer as ortWeb } from "./ort-web.ts";
import { peer as tfjs } from "./tfjs.ts";
import { peer as tfjsNode } from "./tfjs-node.ts";
import { peer as torch } from "./torch.ts";

export const peers: readonly Peer[] = [lamina, torch, ortNode, ortWeb, tfjsNode, tfjs, jaxJs, gpujs];

export interface Entrant {
  readonly peer: Peer;
  readonly contender: Contender;
}
/** Those whose peer or contender is named, or all: "torch", "torch-2t". */
export const entrants = (names?: readonly string[]): Entrant[] =>
  peers
    .flatMap((peer) => peer.contenders.map((contender) => ({ peer, contender })))
    .filter(({ peer, contender }) => !names || names.includes(peer.name) || names.includes(contender.name));
