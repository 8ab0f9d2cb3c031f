package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
	"unicode"
)

// MLflow reads both spellings.
const (
	locationKey      = "artifact_location"
	locationKeyCamel = "artifactLocation"
)

// needOfCreateExperiment reads the artifact location of the new experiment. Only admins may choose one outside of the
// artifact root, because MLflow reads and writes there with its own rights.
func (a *Access) needOfCreateExperiment(w http.ResponseWriter, r *http.Request) (Role, error) {
	body, err := readObject(w, r)
	if err != nil {
		return 0, err
	}
	if _, both := body[locationKeyCamel]; both && body[locationKey] != nil {
		return 0, refuseBody(r, locationKey+" is given in two spellings.")
	}
	need := RoleWrite
	for key, value := range body {
		if key != locationKey && key != locationKeyCamel {
			continue
		}
		var location *string
		if err := json.Unmarshal(value, &location); err != nil {
			return 0, refuseBody(r, locationKey+" must be a string.")
		}
		if location != nil && *location != "" && !isInside(*location, a.ArtifactRoot) {
			need = RoleAdmin
		}
	}
	return need, replaceBody(r, body)
}

// isInside tells whether a location is the root or a path below it that has one meaning only.
func isInside(location, root string) bool {
	root = strings.TrimSuffix(root, "/")
	rest, below := strings.CutPrefix(location, root+"/")
	if root == "" || !below {
		return location == root && root != ""
	}
	return !strings.HasPrefix(rest, "/") && !strings.Contains(rest, "//") && !hasDotSegment(rest) &&
		!strings.ContainsAny(rest, `%\?#;`) && !strings.ContainsFunc(rest, unicode.IsControl)
}
