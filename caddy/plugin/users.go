package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"golang.org/x/crypto/bcrypt"
)

// A bcrypt hash: algorithm, cost, salt and hash. Its full length is required, because a shorter one cannot be compared.
var bcryptHash = regexp.MustCompile(`^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$`)

var userName = regexp.MustCompile(`^[\w.@+-]{1,64}$`)

// readUsers reads the users file, and each user's hash from the file in the folder hashes that has the user's name.
func readUsers(file, hashes string) (map[string]*user, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("users: %w", err)
	}
	var entries []struct{ Name, Role, Workspace string }
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&entries); err != nil {
		return nil, fmt.Errorf("users: %s: %w", file, err)
	}

	users := make(map[string]*user, len(entries))
	for _, entry := range entries {
		// "." and ".." match the pattern, but name folders.
		if !userName.MatchString(entry.Name) || entry.Name == "." || entry.Name == ".." {
			return nil, fmt.Errorf("users: %q is not a user name: 1 to 64 letters, digits and . _ @ + - are allowed", entry.Name)
		}
		if users[entry.Name] != nil {
			return nil, fmt.Errorf("users: %s is listed twice", entry.Name)
		}
		role, err := parseRole(entry.Role)
		if err != nil {
			return nil, fmt.Errorf("users: %s: %w", entry.Name, err)
		}
		if entry.Workspace != "" && !workspaceName.MatchString(entry.Workspace) {
			return nil, fmt.Errorf("users: %s: %q is not a name of a workspace: 2 to 63 lower-case letters, digits and - are allowed", entry.Name, entry.Workspace)
		}
		hash, cost, err := readHash(filepath.Join(hashes, entry.Name))
		if err != nil {
			return nil, fmt.Errorf("users: %s: %w", entry.Name, err)
		}
		users[entry.Name] = &user{name: entry.Name, role: role, workspace: entry.Workspace, hash: hash, cost: cost}
	}
	return users, nil
}

func readHash(file string) ([]byte, int, error) {
	hash, err := os.ReadFile(file)
	if err != nil {
		return nil, 0, err
	}
	hash = bytes.TrimSpace(hash)
	// The message does not quote the text: it may be a password that was written there by mistake.
	if !bcryptHash.Match(hash) {
		return nil, 0, fmt.Errorf("%s does not hold a bcrypt hash", file)
	}
	cost, err := bcrypt.Cost(hash)
	if err != nil || cost < bcrypt.MinCost || cost > maxCost {
		return nil, 0, errors.Join(fmt.Errorf("%s: the cost must be %d to %d", file, bcrypt.MinCost, maxCost), err)
	}
	return hash, cost, nil
}
