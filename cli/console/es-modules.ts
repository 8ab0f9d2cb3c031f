/** Loads execa, which runs programs. It comes late, because it is an ES module only and tsx cannot require those. */
export const loadExeca = () => import("execa");

/** Loads GitHub's own client, late for the same reason. */
export const loadOctokit = async () => {
  const [{ Octokit }, { paginateRest }] = await Promise.all([
    import("@octokit/core"),
    import("@octokit/plugin-paginate-rest"),
  ]);
  return Octokit.plugin(paginateRest);
};
