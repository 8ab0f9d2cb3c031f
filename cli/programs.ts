/** Loads execa, which runs programs. It comes late, because it is an ES module only and tsx cannot require those. */
export const loadExeca = () => import("execa");
