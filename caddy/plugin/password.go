package gateway

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
)

const (
	// A hash of this cost takes over a second.
	maxCost = 16
	// bcrypt ignores what comes after this many bytes.
	maxPassword = 72
)

// A variable only for the tests, which add up what it costs.
var compare = bcrypt.CompareHashAndPassword

type credential struct{ name, password string }

// parseBasic reads a Basic header. What RFC 7617 does not allow is not a credential.
func parseBasic(header string) (credential, bool) {
	_, encoded, _ := strings.Cut(header, " ")
	decoded, err := base64.StdEncoding.DecodeString(strings.Trim(encoded, " "))
	if err != nil || !utf8.Valid(decoded) {
		return credential{}, false
	}
	text := string(decoded)
	// bcrypt repeats a password and a NUL to fill its key, so "a" and "a\x00a" would be the same.
	if strings.ContainsFunc(text, unicode.IsControl) {
		return credential{}, false
	}
	name, password, found := strings.Cut(text, ":")
	return credential{name, password}, found
}

// isBasic tells whether a header is of this scheme, whatever comes after it.
func isBasic(header string) bool { return hasScheme(header, "basic") }

func hasScheme(header, scheme string) bool {
	word, _, _ := strings.Cut(header, " ")
	return strings.EqualFold(word, scheme)
}

// matches compares a password with the user's hash. Without a user, and with a wrong password, it takes as long as one
// comparison of the given cost, which is the highest that any user has: the comparisons of costs c, c+1 … highest-1
// together take as long as is left after one of c.
func matches(known *user, password string, highest int) bool {
	comparable := known != nil && len(password) <= maxPassword
	if comparable && compare(known.hash, []byte(password)) == nil {
		return true
	}
	password = password[:min(len(password), maxPassword)]
	if !comparable {
		compareWithNothing(password, highest)
		return false
	}
	for cost := known.cost; cost < highest; cost++ {
		compareWithNothing(password, cost)
	}
	return false
}

func compareWithNothing(password string, cost int) {
	// salt and hash of no password.
	hash := fmt.Sprintf("$2a$%02d$%s", cost, "abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234")
	_ = compare([]byte(hash), []byte(password))
}
