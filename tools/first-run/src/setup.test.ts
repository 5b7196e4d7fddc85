// What `npm start` tells its children about this workspace must not reach the npm that the set-up runs.
import { expect, test } from "vitest";
import { cleanEnvironment } from "./setup.mjs";

test("settings of the user stay, those of the running script go", () => {
  const user = { PATH: "/bin", npm_config_registry: "https://mirror", npm_config_cache: "/c", HTTPS_PROXY: "http://p" };
  const script = {
    npm_config_local_prefix: "/repo",
    npm_config_json: "true",
    npm_lifecycle_event: "start",
    npm_package_name: "x",
  };
  expect(cleanEnvironment({ ...user, ...script })).toEqual(user);
});
