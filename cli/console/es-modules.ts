/** Loads execa, which runs programs. It is an ES module, which only a dynamic import can load from here. */
export const loadExeca = () => import("execa");

/** Loads log-update, which draws a text again in its place; an ES module as well. */
export const loadLogUpdate = () => import("log-update");

/** Loads GitHub's own client, an ES module as well. */
export const loadOctokit = async () => {
  const [{ Octokit }, { paginateRest }] = await Promise.all([
    import("@octokit/core"),
    import("@octokit/plugin-paginate-rest"),
  ]);
  return Octokit.plugin(paginateRest);
};
