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
	// The header by which MLflow takes the workspace of a call.
	workspaceHeader = "X-Mlflow-Workspace"
	// MLflow creates this workspace by itself, for everything that has no other.
	defaultWorkspace = "default"
	// The folder in the artifact root with a folder for each other workspace.
	workspacesFolder = "workspaces"
)

// MLflow's own rule, except for the names that it reserves.
var workspaceName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$`)

// chooseWorkspace sets the workspace of a call: the caller's own, or the one that an admin asks for. Other callers must not
// learn of other workspaces, so the list of workspaces is answered here for them.
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

// namesAllWorkspaces tells whether a call for artifacts may be about the folder with the folders of all workspaces, which
// the workspace default could otherwise read. For a path that MLflow may decode once more, the folder's name anywhere in it
// is enough.
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
	return slices.ContainsFunc(paths, func(path string) bool {
		if !strings.ContainsAny(path, "%;?#:\\ ") && !strings.ContainsFunc(path, unicode.IsControl) {
			return strings.Trim(path, "/") == workspacesFolder
		}
		for range 10 {
			path = decodeLeniently(path)
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

// takeWorkspaceHeader removes the header in every spelling, also with _ for -, which Python servers may take for it.
func takeWorkspaceHeader(header http.Header) string {
	asked := strings.TrimSpace(header.Get(workspaceHeader))
	for name := range header {
		if strings.EqualFold(strings.ReplaceAll(name, "_", "-"), workspaceHeader) {
			delete(header, name)
		}
	}
	return asked
}

// answerWorkspaces answers in the form of MLflow's own list of workspaces.
func answerWorkspaces(w http.ResponseWriter, own string) error {
	type workspace struct {
		Name string `json:"name"`
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(map[string][]workspace{"workspaces": {{own}}})
}
