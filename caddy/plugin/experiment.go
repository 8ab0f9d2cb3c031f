package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
	"unicode"
)

// Both spellings that MLflow reads.
const (
	locationKey      = "artifact_location"
	locationKeyCamel = "artifactLocation"
)

// needOfCreateExperiment reads where the experiment is to keep its artifacts: elsewhere than in the default place is for
// admins, because MLflow would read and write there with its own rights.
func (a *Access) needOfCreateExperiment(w http.ResponseWriter, r *http.Request) (Role, error) {
	body, err := readObject(w, r)
	if err != nil {
		return 0, err
	}
	if _, both := body[locationKeyCamel]; both && body[locationKey] != nil {
		return 0, refuseBody(r, locationKey+" is there in two spellings.")
	}
	need := RoleWrite
	for key, value := range body {
		if strings.HasPrefix(key, "[") {
			return 0, refuseBody(r, "A key must not begin with [.")
		}
		if key != locationKey && key != locationKeyCamel {
			continue
		}
		var location *string
		if err := json.Unmarshal(value, &location); err != nil {
			return 0, refuseBody(r, locationKey+" must be a text.")
		}
		if location != nil && *location != "" && !isInside(*location, a.ArtifactRoot) {
			need = RoleAdmin
		}
	}
	return need, replaceBody(r, body)
}

// isInside tells whether a location is a plain address below the root.
func isInside(location, root string) bool {
	root = strings.TrimSuffix(root, "/")
	rest, below := strings.CutPrefix(location, root+"/")
	if root == "" || !below {
		return location == root && root != ""
	}
	return !strings.HasPrefix(rest, "/") && !strings.Contains(rest, "//") && !hasDotSegment(rest) &&
		!strings.ContainsAny(rest, `%\?#;`) && !strings.ContainsFunc(rest, unicode.IsControl)
}
