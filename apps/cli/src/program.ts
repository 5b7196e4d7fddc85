// The command line `lamina`: parses, runs one command, and turns errors into plain sentences and exit codes.
// What the commands do is in commands/, one a file.
import { Command, CommanderError } from "commander";
import pc from "picocolors";
import { addBackends } from "./commands/backends.ts";
import { addConformance } from "./commands/conformance.ts";
import { addEval } from "./commands/eval.ts";
import { addPredict } from "./commands/predict.ts";
import { addReport } from "./commands/report.ts";
import { addSummary } from "./commands/summary.ts";
import { addResume, addTrain } from "./commands/train.ts";
import { exitCodes, Failure } from "./failure.ts";

function makeProgram(): Command {
  const program = new Command("lamina")
    .description("Convolutional networks in TypeScript, on any device.")
    .option("--debug", "show where an error comes from")
    .showHelpAfterError("(add --help for the options)")
    .exitOverride()
    .addHelpText("after", `\nExit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`);
  for (const add of [addTrain, addResume, addEval, addPredict, addReport, addSummary, addBackends, addConformance])
    add(program);
  return program;
}

/** Runs the command line and gives its exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  const program = makeProgram();
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCodes.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    return report(error, program.opts<{ debug?: boolean }>().debug === true);
  }
}
function report(error: unknown, debug: boolean): number {
  const message = error instanceof Error ? error.message : String(error);
  console.error(`${pc.red("error:")} ${message}`);
  if (debug && error instanceof Error) console.error(error.stack);
  else if (!(error instanceof Failure)) console.error(pc.dim("(add --debug to see where it comes from)"));
  return error instanceof Failure ? error.exitCode : exitCodes.failed;
}

// Whoever reads our output may stop early (`lamina … | head`): that is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(exitCodes.done);
});
process.exitCode = await run(process.argv.slice(2));
