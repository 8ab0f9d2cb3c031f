package gateway

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"sync"
)

// Both live as long as the process, so that a reload of Caddy's configuration does not make users' passwords be hashed again.
var (
	processDigester = newDigester()
	verified        = newVerifiedPasswords()
)

// verifiedPasswords remembers the password of each user that was right, as a digest.
type verifiedPasswords struct {
	mutex  sync.RWMutex
	byUser map[string]verifiedPassword
}

type verifiedPassword struct {
	user   *user
	digest [32]byte
}

func newVerifiedPasswords() *verifiedPasswords {
	return &verifiedPasswords{byUser: make(map[string]verifiedPassword)}
}

func newDigester() digester {
	key := make([]byte, 32)
	// rand.Read never fails.
	_, _ = rand.Read(key)
	return digester{key}
}

// passwordDigest includes the user's hash, so that a digest is worth nothing once the password has changed.
func passwordDigest(known *user, password string) [32]byte {
	return processDigester.digest(known.name, string(known.hash), password)
}

func (v *verifiedPasswords) has(known *user, digest [32]byte) bool {
	v.mutex.RLock()
	expected, found := v.byUser[known.name]
	v.mutex.RUnlock()
	return found && subtle.ConstantTimeCompare(expected.digest[:], digest[:]) == 1
}

// knows tells whether the user's password is remembered. Then no other one is right.
func (v *verifiedPasswords) knows(known *user) bool {
	v.mutex.RLock()
	remembered, found := v.byUser[known.name]
	v.mutex.RUnlock()
	return found && bytes.Equal(remembered.user.hash, known.hash)
}

func (v *verifiedPasswords) add(known *user, digest [32]byte) {
	v.mutex.Lock()
	v.byUser[known.name] = verifiedPassword{known, digest}
	v.mutex.Unlock()
}

// userOf returns the name of the user whose password a header has, if that was verified before, else nothing.
func (v *verifiedPasswords) userOf(headers []string) string {
	if len(headers) != 1 || !isBasic(headers[0]) {
		return ""
	}
	given, wellFormed := parseBasic(headers[0])
	v.mutex.RLock()
	known := v.byUser[given.name].user
	v.mutex.RUnlock()
	if !wellFormed || known == nil || !v.has(known, passwordDigest(known, given.password)) {
		return ""
	}
	return known.name
}
