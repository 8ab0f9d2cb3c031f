package gateway

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

const (
	workspacesFeature = "workspaces"
	// How MLflow is told in which workspace a call works.
	workspaceHeader = "X-Mlflow-Workspace"
	// Where everything is that has no other place; MLflow makes it by itself.
	defaultWorkspace = "default"
	// The folder of the artifact root that has one of each other workspace.
	workspacesFolder = "workspaces"
)

// MLflow's own rule, but for the words that it keeps for itself.
var workspaceName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$`)

// chooseWorkspace says in which workspace the call works: the caller's own, or for an admin the one that was asked for.
// Callers who are no admins know no other workspace, so that what lists them is answered here.
func (a *Access) chooseWorkspace(
	w http.ResponseWriter, r *http.Request, found *route, path, rest string,
) (answered bool, err error) {
	asked := takeWorkspaceHeader(r.Header)
	if !slices.Contains(a.Features, workspacesFeature) {
		return false, nil
	}
	identity := IdentityOf(r)
	own := orDefault(identity.Workspace(), defaultWorkspace)
	r.Header.Set(workspaceHeader, own)
	listsOthers := strings.Contains(found.pattern, "/mlflow-artifacts/") && namesAllWorkspaces(r, rest)
	if asked == "" && found.need != needWorkspace && !listsOthers {
		return false, nil
	}
	admin, err := identity.Has(r.Context(), RoleAdmin)
	switch {
	case err != nil:
		return false, badGateway(r, err)
	case admin && asked != "":
		r.Header.Set(workspaceHeader, asked)
		return false, nil
	case !admin && listsOthers:
		return false, refuse(r, http.StatusForbidden, "PERMISSION_DENIED", "This folder has the files of all workspaces. This call needs the role admin.")
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

// namesAllWorkspaces tells whether a call for artifacts may be about the folder that has all workspaces in it: in the
// workspace default MLflow takes it for one of its own. A path that MLflow may read in another way than it is written is
// one already when that name is anywhere in it.
func namesAllWorkspaces(r *http.Request, rest string) bool {
	paths := []string{rest}
	for part := range strings.SplitSeq(r.URL.RawQuery, "&") {
		name, value, _ := strings.Cut(part, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		if nameErr != nil || valueErr != nil {
			value = part
		} else if name != "path" {
			continue
		}
		paths = append(paths, value)
	}
	// without a query MLflow reads the path from the body.
	if r.Method == http.MethodGet && r.ContentLength != 0 {
		return true
	}
	return slices.ContainsFunc(paths, func(path string) bool {
		if !strings.ContainsAny(path, "%;?#:\\ ") && !strings.ContainsFunc(path, unicode.IsControl) {
			return strings.Trim(path, "/") == workspacesFolder
		}
		for range 10 {
			path = decodeWhatCan(path)
		}
		visible := strings.Map(func(letter rune) rune {
			if letter <= ' ' {
				return -1
			}
			return letter
		}, path)
		return strings.Contains(visible, workspacesFolder)
	})
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
