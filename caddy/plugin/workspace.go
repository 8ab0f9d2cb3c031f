package gateway

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

const (
	workspacesFeature = "workspaces"
	// How MLflow is told in which workspace a call works.
	workspaceHeader = "X-Mlflow-Workspace"
	// Where everything is that has no other place; MLflow makes it by itself.
	defaultWorkspace = "default"
)

// MLflow's own rule, but for the words that it keeps for itself.
var workspaceName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$`)

// chooseWorkspace says in which workspace the call works: the caller's own, or for an admin the one that was asked for.
// Callers who are no admins know no other workspace, so that what lists them is answered here.
func (a *Access) chooseWorkspace(w http.ResponseWriter, r *http.Request, found *route, path string) (answered bool, err error) {
	asked := takeWorkspaceHeader(r.Header)
	if !slices.Contains(a.Features, workspacesFeature) {
		return false, nil
	}
	identity := IdentityOf(r)
	own := orDefault(identity.Workspace(), defaultWorkspace)
	r.Header.Set(workspaceHeader, own)
	if asked == "" && found.need != needWorkspace {
		return false, nil
	}
	admin, err := identity.Has(r.Context(), RoleAdmin)
	switch {
	case err != nil:
		return false, badGateway(r, err)
	case admin && asked != "":
		r.Header.Set(workspaceHeader, asked)
		return false, nil
	case admin || found.need != needWorkspace:
		return false, nil
	case !strings.HasSuffix(found.pattern, "}"):
		return true, answerWorkspaces(w, own)
	case !strings.HasSuffix(path, "/"+own):
		return false, refuse(r, http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", "There is no such workspace for you. Yours is "+own+".")
	default:
		return false, nil
	}
}

// takeWorkspaceHeader removes the header in every spelling that a server in Python could take for it.
func takeWorkspaceHeader(header http.Header) string {
	asked := strings.TrimSpace(header.Get(workspaceHeader))
	for name := range header {
		if strings.EqualFold(strings.ReplaceAll(name, "_", "-"), workspaceHeader) {
			delete(header, name)
		}
	}
	return asked
}

// answerWorkspaces has the form of MLflow's own answer.
func answerWorkspaces(w http.ResponseWriter, own string) error {
	type workspace struct {
		Name string `json:"name"`
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(map[string][]workspace{"workspaces": {{own}}})
}
