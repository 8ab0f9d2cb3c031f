import { randomBytes } from "node:crypto";
import { send } from "../clients/http-request";
import { eventually, run } from "../run";

/**
 * What a gateway has logged of all requests that have been answered so far.
 *
 * On a busy machine Docker's log lags behind the answers. So one more request is made, and its line is waited for.
 *
 * @param container name of the gateway's container.
 * @param origin address at which it answers.
 */
export async function gatewayLog(container: string, origin: string): Promise<string> {
  const path = `/last-${randomBytes(4).toString("hex")}`;
  await send(origin, { path });
  return eventually(`the log of ${container} has ${path}`, 30, async () => {
    const { stdout, stderr } = await run("docker", ["logs", container]);
    return (stdout + stderr).includes(path) && stdout + stderr;
  });
}
