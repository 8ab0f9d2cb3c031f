package gateway

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"unicode"
)

// S3 knows no more parts of an upload.
const maxParts = 10_000

// needOfParts reads how many parts an upload has. MLflow signs an address for each, and goes on when the client has left.
func (a *Access) needOfParts(w http.ResponseWriter, r *http.Request) (Role, error) {
	body, err := readObject(w, r)
	if err != nil {
		return 0, err
	}
	for key, value := range body {
		switch key {
		case "path":
			var path *string
			if json.Unmarshal(value, &path) != nil || path != nil && !endsInFileName(*path) {
				return 0, refuseBody(r, "path must end in the name of a file.")
			}
		case "num_parts":
			// MLflow also takes a number in a string.
			number, err := strconv.ParseUint(strings.Trim(string(value), `"`), 10, 16)
			if err != nil || number < 1 || number > maxParts {
				return 0, refuseBody(r, "num_parts must be a whole number from 1 to "+strconv.Itoa(maxParts)+".")
			}
		default:
			return 0, refuseBody(r, "The body may have path and num_parts only.")
		}
	}
	return RoleWrite, replaceBody(r, body)
}

// Clients send the path of the file on their machine. MLflow takes what is behind its last slash.
func endsInFileName(path string) bool {
	name := path[strings.LastIndexByte(path, '/')+1:]
	return name != "" && name != "." && name != ".." && !strings.ContainsFunc(path, unicode.IsControl)
}
