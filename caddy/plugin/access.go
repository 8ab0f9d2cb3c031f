package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Access lets a request through when the caller's role allows it, by the list of MLflow's routes. It comes after mlflow_login.
type Access struct {
	// JSON file of MLflow's routes.
	Routes string `json:"routes"`
	// Names of the enabled features.
	Features []string `json:"features,omitempty"`
	// Artifact location of new experiments. Only admins may choose a location outside of it.
	ArtifactRoot string `json:"artifact_root,omitempty"`

	table *routeTable
}

func init() { caddy.RegisterModule(new(Access)) }

// CaddyModule tells Caddy about this module.
func (*Access) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.mlflow_access", New: func() caddy.Module { return new(Access) }}
}

// Provision reads the routes.
func (a *Access) Provision(caddy.Context) error {
	table, err := readRoutes(a.Routes)
	if err != nil {
		return fmt.Errorf("mlflow_access: %w", err)
	}
	a.table = table
	return nil
}

// Validate refuses features that no route names.
func (a *Access) Validate() error {
	for _, feature := range a.Features {
		if !slices.Contains(a.table.features, feature) {
			return fmt.Errorf("mlflow_access: unknown feature %q: the routes know %s", feature, strings.Join(a.table.features, ", "))
		}
	}
	return nil
}

func (a *Access) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	identity := IdentityOf(r)
	if identity == nil {
		return caddyhttp.Error(http.StatusInternalServerError, errors.New("mlflow_access without mlflow_login before it"))
	}
	if !slices.Contains(knownMethods, r.Method) {
		return refuse(r, http.StatusMethodNotAllowed, "BAD_REQUEST", "This method is not known.")
	}
	path, ok := unambiguousPath(r.URL)
	if !ok {
		return refuseAmbiguous(r)
	}
	found, rest := a.table.find(r.Method, path)
	if isSpecial(strings.TrimSuffix(path, rest)) || leavesFolder(rest) {
		return refuseAmbiguous(r)
	}

	if found == nil {
		found = &route{need: RoleAdmin.String(), body: bodySmall}
		if r.Method == http.MethodOptions {
			found.need = RoleRead.String()
		}
	}
	setVar(r, bodyVar, found.body)
	if found.feature != "" && !slices.Contains(a.Features, found.feature) {
		return refuse(r, http.StatusForbidden, "FEATURE_DISABLED",
			found.feature+" is switched off. To switch it on, set server.features."+found.feature+" of MlflowStack.")
	}
	if found.need == needClosed {
		return refuse(r, http.StatusNotFound, "ENDPOINT_NOT_FOUND", "There is nothing at this address.")
	}

	// MLflow gets the path in the one spelling that was checked. A slash at its end stays: some routes of MLflow have one.
	r.URL.RawPath = ""
	// MLflow upgrades no connection, and the gateway could not check requests inside of one. Connection is dropped because
	// proxies strip every header that it names, even the workspace that is set below.
	r.Header.Del("Upgrade")
	r.Header.Del("Connection")
	// Files are passed on as they come.
	if found.body != bodyArtifact {
		leave, err := bodiesInMemory().admit(w, r, identity.Name())
		if err != nil {
			return err
		}
		defer leave()
	}
	need, err := a.need(w, r, found)
	if err != nil {
		return err
	}
	audited := isAudited(r, need)
	if audited {
		logAudit(r, found)
	}
	if err := requireRole(r, identity, need, found.pattern != ""); err != nil {
		return err
	}
	if err := checkTraceID(r, found, path); err != nil {
		return err
	}
	if err := refuseBodyOfGet(w, r); err != nil {
		return err
	}
	if err := limitQuery(r, path); err != nil {
		return err
	}
	if err := limitBody(w, r, found.body); err != nil {
		return err
	}
	if audited && found.body == bodySmall {
		if err := logObject(r); err != nil {
			return err
		}
	}
	if answered, err := a.chooseWorkspace(w, r, found, path, rest); answered || err != nil {
		return err
	}
	body := r.Body
	if err := next.ServeHTTP(w, r); err != nil {
		return answerOfBody(r, body, err)
	}
	// Flushed here, so that the client does not wait until the request is logged.
	_ = http.NewResponseController(w).Flush()
	return nil
}

// need returns the role that a route needs. For some routes the body decides.
func (a *Access) need(w http.ResponseWriter, r *http.Request, found *route) (Role, error) {
	switch found.need {
	case needGraphQL:
		return a.needOfGraphQL(w, r)
	case needScorer:
		// The server's own jobs run the newest version of a scorer, with the models that it names.
		if slices.Contains(a.Features, "jobExecution") {
			return RoleAdmin, nil
		}
		return RoleWrite, nil
	case needCreateExperiment, needTraceTags, needParts:
		// A caller without the role write is refused before the body is read.
		if allowed, err := IdentityOf(r).Has(r.Context(), RoleWrite); err != nil || !allowed {
			return RoleWrite, nil
		}
		switch found.need {
		case needTraceTags:
			return a.needOfTraceTags(w, r)
		case needParts:
			return a.needOfParts(w, r)
		}
		return a.needOfCreateExperiment(w, r)
	case needWorkspace:
		return RoleRead, nil
	default:
		return parseRole(found.need)
	}
}

func requireRole(r *http.Request, identity Identity, need Role, known bool) error {
	allowed, err := identity.Has(r.Context(), need)
	if err != nil {
		return badGateway(r, err)
	}
	if allowed {
		return nil
	}
	if !known {
		return refuse(r, http.StatusForbidden, "PERMISSION_DENIED", "The gateway does not know this address, and lets only the role admin try it.")
	}
	return refuse(r, http.StatusForbidden, "PERMISSION_DENIED", "This call needs the role "+need.String()+".")
}

func refuseAmbiguous(r *http.Request) error {
	return refuse(r, http.StatusBadRequest, "BAD_REQUEST", "This address could be read in more than one way.")
}

var (
	_ caddy.Provisioner           = (*Access)(nil)
	_ caddy.Validator             = (*Access)(nil)
	_ caddyhttp.MiddlewareHandler = (*Access)(nil)
)
