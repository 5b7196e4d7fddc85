// LeNet in a page, which says in its title how it went.
import { train } from "./lenet.js";

document.title = JSON.stringify(await train());
