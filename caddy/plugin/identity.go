package gateway

import (
	"context"
	"fmt"
	"net/http"
)

// Role says how much a caller may do. A higher role includes the lower ones.
type Role int

// The roles.
const (
	RoleRead Role = iota + 1
	RoleWrite
	RoleAdmin
)

var roleNames = map[string]Role{"read": RoleRead, "write": RoleWrite, "admin": RoleAdmin}

func (role Role) String() string {
	for name, value := range roleNames {
		if value == role {
			return name
		}
	}
	return "none"
}

func parseRole(name string) (Role, error) {
	if role, ok := roleNames[name]; ok {
		return role, nil
	}
	return 0, fmt.Errorf("unknown role %q: must be admin, write or read", name)
}

// Identity is a caller that is logged in.
type Identity interface {
	// Name is the user's name, or the e-mail address of a session or token.
	Name() string

	// Has tells whether the caller has this role. It may ask oauth2-proxy. An error means that the answer is unknown.
	Has(ctx context.Context, role Role) (bool, error)

	// Workspace is the workspace of MLflow that the caller works in. It is empty when none is set for the caller.
	Workspace() string
}

type identityKey struct{}

// IdentityOf returns the caller that mlflow_login has let in, or nil.
func IdentityOf(r *http.Request) Identity {
	identity, _ := r.Context().Value(identityKey{}).(Identity)
	return identity
}

func withIdentity(r *http.Request, identity Identity) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), identityKey{}, identity))
}

// user is an entry of the users file.
type user struct {
	name      string
	role      Role
	workspace string
	hash      []byte
	cost      int
}

func (u *user) Name() string { return u.name }

func (u *user) Has(_ context.Context, role Role) (bool, error) { return u.role >= role, nil }

func (u *user) Workspace() string { return u.workspace }
