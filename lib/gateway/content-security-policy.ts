// what MLflow's pages need, and nothing else: all of them were opened under it in a browser.
const DIRECTIVES = {
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": "'self' 'unsafe-inline'",
  "img-src": "'self' data: blob:",
  "font-src": "'self' data:",
  "connect-src": "'self'",
  "frame-src": "'self' blob:",
  "worker-src": "'self' blob:",
  "media-src": "'self' blob:",
  "manifest-src": "'self'",
  "object-src": "'none'",
  "base-uri": "'self'",
  "form-action": "'self'",
  "frame-ancestors": "'self'",
};

/** Which scripts, pictures and frames browsers accept from MLflow's pages. */
export abstract class ContentSecurityPolicy {
  /**
   * Everything of MLflow's own origin, nothing else. Scripts inside of HTML artifacts, such as plotly's figures, do not
   * run in the preview: who may log a run could otherwise act as whoever looks at it. The download works.
   */
  public static strict(): ContentSecurityPolicy {
    return new FixedPolicy({ enforced: policy({}), reported: "" });
  }

  /** As strict, but scripts inside of HTML artifacts run, with the reader's login. For teams that trust all who write. */
  public static allowArtifactScripts(): ContentSecurityPolicy {
    const enforced = policy({ "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:" });
    return new FixedPolicy({ enforced, reported: "" });
  }

  /** Browsers tell in their console what the strict policy would stop, and stop nothing. */
  public static reportOnly(): ContentSecurityPolicy {
    return new FixedPolicy({ enforced: "", reported: policy({}) });
  }

  /** None. */
  public static off(): ContentSecurityPolicy {
    return new FixedPolicy({ enforced: "", reported: "" });
  }

  /**
   * Values of the two headers; empty: not sent.
   *
   * @internal
   */
  public abstract readonly _headers: { readonly enforced: string; readonly reported: string };
}

class FixedPolicy extends ContentSecurityPolicy {
  constructor(public readonly _headers: { readonly enforced: string; readonly reported: string }) {
    super();
  }
}

function policy(changes: { [directive: string]: string }): string {
  return Object.entries({ ...DIRECTIVES, ...changes })
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join("; ");
}
